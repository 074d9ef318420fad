"""Loading an image processor or a feature extractor from a folder, without torchvision and torchaudio."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from modelaudit.errors import ModelInputError
from modelaudit.subject.folder import has_processor
from modelaudit.subject.opened import OpenOptions
from modelaudit.subject.places import is_folder
from modelaudit.subject.quiet import quiet
from modelaudit.subject.task import Medium

_PACKAGE = re.compile(r"requires (?:the (\w+) library|`(\w+)`)", re.IGNORECASE)


def load_processor(source: str | Path, options: OpenOptions, *, name: str, medium: Medium) -> Any:
    """Return the image processor (`picture`) or the feature extractor (`sound`) saved in a folder or named by a hub id.

    Where transformers has a processor twice, the one of Pillow and numpy is taken, so that what is installed beside
    does not change what a model sees.

    Raises:
        ModelInputError: there is none, it can't be loaded, or it needs a package that is not installed.
    """
    import transformers

    if is_folder(Path(source)) and not has_processor(Path(source)):
        raise ModelInputError(
            f"{name}: the folder has no preprocessor_config.json, and without its processor nothing can be shown to "
            "the model; save it there (processor.save_pretrained), or name it (processor= in Python, --processor)"
        )
    if medium == "picture":
        auto = transformers.AutoImageProcessor
        plain = {"use_fast": False} if transformers.__version__.startswith("4.") else {"backend": "pil"}
        ways: tuple[dict[str, Any], ...] = (plain, {})
    else:
        auto, ways = transformers.AutoFeatureExtractor, ({},)
    faults: list[Exception] = []
    with quiet():
        for way in ways:
            try:
                return auto.from_pretrained(str(source), trust_remote_code=options.trust_remote_code, **way)
            except (ImportError, OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
                faults.append(error)
    raise _not_loaded(faults[-1], name) from faults[-1]


def _not_loaded(error: Exception, name: str) -> ModelInputError:
    told = str(error)
    packages = list(dict.fromkeys((named or marked).lower() for named, marked in _PACKAGE.findall(told)))
    if packages or isinstance(error, ImportError) or "could be imported" in told:
        needed = " and ".join(packages) or "another package (mostly torchvision)"
        return ModelInputError(
            f"{name}: transformers has this processor only for use with {needed}, which is not installed; install it, "
            "or save the model with a processor that needs none"
        )
    return ModelInputError(
        f"{name}: the processor can't be loaded ({_brief(error)}); save the model's own processor beside it "
        "(processor.save_pretrained)"
    )


def _brief(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200].rstrip(" .;:")
