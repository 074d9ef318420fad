"""For plugin authors and for the project itself: models with a known defect, and the demo."""
