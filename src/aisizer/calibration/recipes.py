"""Which published sweep a row belongs to, and how that sweep had set its server beyond what the row says."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aisizer.calibration.points import BURST_ROUNDS, Point, Span
from aisizer.catalog.records import Engine, Gpu, Model, Recipe
from aisizer.shapes import StepTable

SHORTEST_SHARE = 0.8
"""[1] of the longest length down to which these sweeps draw prompts and answers (random-range-ratio of InferenceX)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a recipe changes of a step table."""

    poll_steps: int = 1
    hold_steps: int = 0
    schedule_ahead: int | None = None
    launch_s: float | None = None
    most_sequences: int | None = None


def recipe_of(model: Model, gpu: Gpu, engine: Engine, point: Point) -> Recipe:
    """The first recipe of the engine that matches a row of such a sweep; an empty one where none does."""
    if not _is_sweep(point):
        return Recipe()
    return next((recipe for recipe in engine.recipes if _matches(recipe, model, gpu, point)), Recipe())


def settings_of(recipe: Recipe, point: Point) -> Settings:
    """The settings of a run by a recipe."""
    clients = int(point.load or 1)
    most = max(clients - recipe.waiting_clients, 1) if recipe.waiting_clients else None
    return Settings(recipe.poll_steps, recipe.hold_steps, recipe.schedule_ahead, recipe.launch_s, most)


def as_set(table: StepTable, settings: Settings, engine: Engine) -> StepTable:
    """The table of a server that was set so."""
    floor, ahead = table.prefill_floor_s, settings.schedule_ahead
    if settings.launch_s is not None:
        floor *= settings.launch_s / engine.launch_s
    return replace(
        table,
        poll_steps=settings.poll_steps,
        hold_steps=settings.hold_steps,
        schedule_ahead=table.schedule_ahead if ahead is None else ahead,
        prefill_floor_s=floor,
        max_batch=min(table.max_batch, settings.most_sequences or table.max_batch),
    )


def _is_sweep(point: Point) -> bool:
    """Whether a run has the marks of these sweeps: a burst of ten requests a client, lengths from 0.8 of the longest on."""
    drawn = all(_reaches_down(span) for span in (point.prompt, point.output))
    return point.protocol == "closed_burst" and point.requests == BURST_ROUNDS * (point.load or 1) and drawn


def _reaches_down(span: Span) -> bool:
    """Whether lengths reach down to 0.8 of the longest, to a token.

    >>> _reaches_down(Span(819.0, 1024.0)), _reaches_down(Span(1024.0, 1024.0))
    (True, False)
    """
    return abs(span.low - SHORTEST_SHARE * span.high) <= 1


def _matches(recipe: Recipe, model: Model, gpu: Gpu, point: Point) -> bool:
    """Whether everything that a recipe names is so."""
    clients = int(point.load or 1)
    return (
        (not recipe.architectures or gpu.architecture in recipe.architectures)
        and (not recipe.models or model.id in recipe.models)
        and (not recipe.versions or point.engine_version.startswith(recipe.versions))
        and recipe.prompt_tokens in (None, point.prompt.high)
        and recipe.output_tokens in (None, point.output.high)
        and (recipe.max_tensor_parallel is None or (point.tensor_parallel or 1) <= recipe.max_tensor_parallel)
        and recipe.min_clients <= clients <= (recipe.max_clients or clients)
    )
