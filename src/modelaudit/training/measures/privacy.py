"""Differentially private training: gradients clipped by row, and noise on their sum (DP-SGD).

Abadi et al. 2016 (arXiv 1607.00133), on `transformers.Trainer`, with Opacus' gradients by row and its optimiser. Of the
rows nothing comes out of training but the weights: losses and gradient norms are left out of the log.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from modelaudit.errors import InputError, ModelAuditError
from modelaudit.training.loop import Loop
from modelaudit.training.measures.accounting import ACCOUNTANT, planned
from modelaudit.training.measures.opacus import opacus
from modelaudit.training.measures.poisson import Chunks, PoissonBatches
from modelaudit.training.measures.privacy_checks import private_recipe_checked, weights_checked
from modelaudit.training.measures.row_gradients import RowGradients
from modelaudit.training.recipe import Recipe
from modelaudit.training.record import PrivacySpent

__all__ = ["PrivateLoop"]

NUMBERS_AT_ONCE = 350_000_000
"""Numbers of gradients by row that are held at once: 1.4 GB, and about three times that while they are made."""
PROBED = 3
UNPROTECTED = ("loss", "grad_norm", "train_loss")
"""What a Trainer logs that is said of training rows without noise."""


class PrivateLoop(Loop):
    """A loop that spends a stated epsilon at most, for adding or removing one of the examples.

    Each example is in each batch with the same chance (Poisson sampling); an update is one batch of `batch_size` x
    `accumulate` rows on average. The loss of a row is the mean over its units. Noise, batches and dropout are drawn
    from random numbers of the system's that are kept nowhere, since whoever can draw them again can undo the noise:
    two trainings with the same seed differ.

    Args:
        recipe: its `dp_epsilon`, `dp_delta`, `dp_clip`, and how long it trains.
        secret: a seed for those random numbers, for studies of the training itself. Don't publish such a model.
        settings: of a `Loop`. The gradient of a batch is not clipped again, and batches are not drawn by length.

    Raises:
        InputError: the recipe has no epsilon or one that can't be kept, Opacus is missing, or the device does not fit.
    """

    def __init__(self, *, recipe: Recipe, secret: int | None = None, **settings: Any) -> None:
        private_recipe_checked(recipe)
        args = copy.copy(settings.pop("args"))
        _check_device(args)
        self.plan = planned(recipe, rows=len(settings["train_dataset"]))
        args.per_device_train_batch_size = recipe.batch_size
        args.gradient_accumulation_steps = 1
        args.max_grad_norm = 0.0
        super().__init__(args=args, **settings)
        self.clip = recipe.dp_clip
        self.seeded = secret is not None
        # Without a seed of ours they are the system's.
        noise, draws = map(int, np.random.SeedSequence(secret).generate_state(2, np.uint64))
        self._noise = torch.Generator(device=self.args.device).manual_seed(noise)
        self._draws = torch.Generator().manual_seed(draws)
        self._before = {
            name: weight.detach().cpu().clone()
            for name, weight in self.model.named_parameters()
            if weight.requires_grad
        }
        self._moved = ""
        self._gradients: RowGradients | None = None
        self._private: Any = None

    @property
    def at_once(self) -> int:
        """How many rows go through the model together, so that their gradients fit into memory."""
        trained = sum(weight.numel() for weight in self.model.parameters() if weight.requires_grad)
        most: int = min(self.args.per_device_train_batch_size, NUMBERS_AT_ONCE // max(1, trained))
        return max(1, most)

    def train(self, *args: Any, **kwargs: Any) -> Any:
        """Train as a Trainer does, and see to it that the weights moved and are numbers.

        Raises:
            ModelInputError: the model has a layer whose gradients by row can't be had.
            ModelAuditError: a weight did not move, or is no number any more.
        """
        self._gradients = RowGradients(self.model)
        try:
            self._probe(self._gradients)
            done = super().train(*args, **kwargs)
            self._moved = weights_checked(self._before, dict(self.model.named_parameters()))
            return done
        finally:
            self._gradients.close()
            self._gradients = None

    def spent(self) -> PrivacySpent:
        """Return what the updates have spent, and what was looked at.

        Raises:
            ModelAuditError: no training has come to its end.
        """
        steps = int(self.state.global_step)
        if not self._moved:
            raise ModelAuditError(
                "no private training has come to its end, so there is nothing to tell of; train first"
            )
        probed = min(PROBED, self.plan.rows)
        return PrivacySpent(
            unit=f"one of {self.plan.rows:,} examples, added or removed",
            epsilon=self.plan.epsilon(steps),
            delta=self.plan.delta,
            noise_multiplier=self.plan.noise,
            clip=self.clip,
            sampling_rate=self.plan.rate,
            steps=steps,
            accountant=ACCOUNTANT,
            checks={
                "gradients by row": f"equal to those of rows alone, on {probed} rows, before training",
                "weights": self._moved,
                "random numbers": SEEDED if self.seeded else SECRET,
            },
        )

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Return a pass over Poisson batches, each in parts that fit into memory."""
        batches = PoissonBatches(self.plan.rows, batches=self.plan.batches, generator=self._draws)
        collate = Chunks(self.data_collator, at_once=self.at_once)
        loader = DataLoader(
            self.train_dataset,
            batch_sampler=batches,
            collate_fn=collate,
            pin_memory=self.args.dataloader_pin_memory,
            # Without one the loader would draw from the global generator.
            generator=self._draws,
        )
        prepared: DataLoader[Any] = self.accelerator.prepare(loader)
        return prepared

    def get_batch_samples(self, epoch_iterator: Any, num_batches: int, *_rest: Any) -> tuple[list[Any], None]:
        """Return the next batch; the loss of a row is its own, so that there is nothing to count over the batch."""
        return [batch for _, batch in zip(range(num_batches), epoch_iterator, strict=False)], None

    def create_optimizer(self, *args: Any, **kwargs: Any) -> Any:
        """Return the loop's optimiser, which clips, sums and adds noise before it updates."""
        if self._private is None or self.optimizer is None:
            self._private = opacus().optimizers.DPOptimizer(
                super().create_optimizer(*args, **kwargs),
                noise_multiplier=self.plan.noise,
                max_grad_norm=self.clip,
                expected_batch_size=self.plan.expected,
                generator=self._noise,
            )
            self.optimizer: Any = self._private
        return self.optimizer

    def training_step(self, model: Any, inputs: Mapping[str, Any], num_items_in_batch: Any = None) -> Tensor:
        """Leave the sum of the batch's clipped gradients for the optimiser, part by part; return the mean loss."""
        model.train()
        chunks = self._prepare_inputs(inputs)["chunks"]
        self._private.zero_grad()
        total = torch.zeros((), device=self.args.device)
        with self._drawn_in_secret():
            for place, chunk in enumerate(chunks):
                if place:
                    self._private.signal_skip_step(True)
                    self._private.step()
                    self._private.zero_grad()
                with self.compute_loss_context_manager():
                    losses = self._row_losses(model, chunk)
                self._differentiated(losses)
                total += losses.detach().sum()
        if not chunks:
            # A batch without rows is an update of noise alone; to leave it out would tell that it was empty.
            for weight in self._private.params:
                weight.grad_sample = weight.new_zeros((0, *weight.shape))
        elif not torch.isfinite(total):
            raise InputError(
                f"the loss is no number any more at update {self.state.global_step + 1}; choose a smaller learning "
                f"rate than {self.args.learning_rate:g}, or a larger dp_epsilon"
            )
        return total / max(1.0, self.plan.expected)

    def floating_point_ops(self, inputs: Any) -> int:
        """Return 0: the size of a batch is not told."""
        return 0

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        """Log what is not said of training rows."""
        super().log({name: value for name, value in logs.items() if name not in UNPROTECTED}, *args, **kwargs)

    def _differentiated(self, losses: Tensor) -> None:
        assert self._gradients is not None
        self._gradients.backward(losses)
        for weight in self._private.params:
            # Norms that were taken in half precision would be too small by up to half a per cent.
            weight.grad_sample = weight.grad_sample.float()

    def _row_losses(self, model: Any, chunk: Mapping[str, Tensor]) -> Tensor:
        """The mean loss over each row's units, (rows,); 0 for a row that has none."""
        if self._gradients is not None:
            self._gradients.rows = len(chunk["labels"])
        losses, _, rows = self.unit_losses(model, chunk)
        count = len(chunk["labels"])
        units = torch.bincount(rows, minlength=count).clamp(min=1)
        return losses.new_zeros(count).index_add(0, rows, losses) / units

    def _probe(self, gradients: RowGradients) -> None:
        """Compare gradients by row with those of rows alone, and leave weights out that no loss depends on."""
        rows = sorted(self.train_dataset, key=lambda item: len(item["input_ids"]))[:: max(1, self.plan.rows // PROBED)]
        rows = rows[:PROBED]

        def losses(place: int | None) -> Tensor:
            batch = self.data_collator(rows if place is None else rows[place : place + 1])
            return self._row_losses(self.model, self._prepare_inputs(batch))

        for name in gradients.check(losses, rows=len(rows)):
            self.model.get_parameter(name).requires_grad_(False)
            del self._before[name]

    @contextmanager
    def _drawn_in_secret(self) -> Iterator[None]:
        """Dropout from the secret numbers: a row's mask hangs on which rows stand before it in the batch."""
        device = self.args.device
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(int(torch.randint(2**62, (), generator=self._draws)))
            yield


SECRET = (
    "Noise, batches and dropout come from the system's random numbers, which are kept nowhere; the same recipe gives "
    "other weights each time. They are drawn by torch's generator, not by a cryptographic one, and floating-point "
    "attacks on Gaussian noise are not countered."
)
SEEDED = (
    "Noise, batches and dropout came from a seed that was given. Whoever knows it can undo the noise: the guarantee "
    "does not hold against them, and this model is not one to publish."
)


def _check_device(args: Any) -> None:
    if getattr(args, "fp16", False):
        raise InputError(
            "differentially private training can't scale its loss as float16 needs it; choose the precision float32, "
            "or bfloat16 where the card has it"
        )
    if int(args.world_size) > 1 or int(args.n_gpu) > 1:
        raise InputError(
            f"differentially private training runs on one device, and there are {max(args.world_size, args.n_gpu)}; "
            "name one, such as --device cuda:0"
        )
