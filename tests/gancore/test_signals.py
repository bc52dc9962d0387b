"""Signals: what they measure, that every recipe has them, and that a run computes the same with and without."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from test_recipes_options import CASES, Short
from tiny_runs import MNIST, Recorded, players_of, tiny
from torch import Tensor, nn

from gancore import signals
from gancore.config import Length
from gancore.networks import PointShape, Shape
from gancore.probe import Probe
from gancore.recipes import Players, recipe_of
from gancore.recipes.recipe import Feed, descend
from gancore.run import Run
from gancore.runs import RunManager
from gancore.signals import PROBE_EVERY, SIGNAL_NAMES


def finish(run: Run) -> Run:
    assert run.wait(120)
    assert run.status().state == "finished", run.status().message
    return run


def probed(players: Players, step: Callable[[Feed], object], feed: Feed, **options: bool) -> dict[str, float]:
    """One probed step's signals."""
    probe = Probe(players, (-1.0, 1.0), labelled=options.get("labelled", False))
    with probe.watch(feed) as watched:
        step(watched)
    return dict(zip(SIGNAL_NAMES, probe.take().tolist(), strict=True))


@pytest.mark.parametrize("count", [(5, 5), (7, 3), (1, 4)])
def test_accuracy_counts_pairs_in_order_and_ties_half(count: tuple[int, int]) -> None:
    draw = torch.Generator().manual_seed(sum(count))
    real, fake = (torch.randint(4, (size,), generator=draw).float() for size in count)
    pairs = [(r > f) + (r == f) / 2 for r in real.tolist() for f in fake.tolist()]
    assert signals.order_accuracy(real, fake).item() == pytest.approx(sum(pairs) / len(pairs))
    assert signals.order_accuracy(real.sigmoid(), fake.sigmoid()) == signals.order_accuracy(real, fake)
    assert signals.order_accuracy(real, torch.full_like(fake, torch.nan)).isnan()


def test_spread_and_range_of_samples() -> None:
    samples = torch.tensor([[[-1.5, 0.0]], [[0.5, 0.0]]])
    assert signals.spread(samples).item() == pytest.approx(0.5)
    assert signals.outside(samples, (-1.0, 1.0)).item() == 0.25
    assert signals.outside(torch.tensor([-1.0, 1.0000001]), (-1.0, 1.0)).item() == 0, "rounding is no fault"


class Critics:
    """A linear critic and a generator whose samples are its latents: every number can be written down."""

    def __init__(self, packing: int = 1) -> None:
        self.weight = torch.tensor([3.0, 4.0]).repeat(packing)
        critic, generator = nn.Linear(2 * packing, 1, bias=False), nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            critic.weight.copy_(self.weight[None])
            generator.weight.copy_(torch.eye(2))
        rates = {"generator": generator, "critic": critic}
        optimizers = {name: torch.optim.SGD(network.parameters(), 0.1) for name, network in rates.items()}
        self.players = Players(generator, critic, optimizers, packing=packing)

    def step(self, feed: Feed) -> None:
        players = self.players
        real = feed.real()
        for _ in range(2):
            fake = players.generate(feed.latents(len(real))).detach()
            descend(players.optimizers["critic"], players.score(fake).mean() - players.score(real.detach()).mean())
        self.before = players.discriminator.weight.detach().clone()
        descend(players.optimizers["generator"], -players.score(players.generate(feed.latents(len(real)))).mean())


def test_signals_of_a_linear_critic() -> None:
    made, config = Critics(), tiny("wgan-gp", data="ring", latent_dim=2)
    feed = Recorded(config, PointShape())
    found = probed(made.players, made.step, feed)
    real, fake = feed.taken[0], feed.drawn[1]
    first = feed.drawn[0].mean(0) - real.mean(0)
    weight = made.weight - 0.1 * first
    assert found["real_score"] == pytest.approx((real @ weight).mean().item(), abs=1e-5)
    assert found["fake_score"] == pytest.approx((fake @ weight).mean().item(), abs=1e-5)
    gradient = fake.mean(0) - real.mean(0)
    after = weight - 0.1 * gradient
    assert found["d_gradient"] == pytest.approx(gradient.norm().item(), rel=1e-4)
    assert found["d_update"] == pytest.approx((0.1 * gradient.norm() / after.norm()).item(), rel=1e-4)
    assert found["sample_gradient"] == pytest.approx(after.norm().item(), rel=1e-5), "the critic's slope"
    assert found["spread"] == pytest.approx((signals.spread(feed.drawn[2]) / signals.spread(real)).item(), rel=1e-5)


def test_a_pack_counts_as_one_sample() -> None:
    made, config = Critics(packing=2), tiny("wgan-gp", data="ring", latent_dim=2)
    found = probed(made.players, made.step, Recorded(config, PointShape()))
    # The mean of d score / d x over both places of a pack, whose score is of both.
    halves = made.before.reshape(2, 2).norm(dim=1)
    assert found["sample_gradient"] == pytest.approx(halves.mean().item(), rel=1e-5)


@pytest.mark.parametrize(("packing", "feed"), [(1, Recorded), (2, Short)])
@pytest.mark.parametrize(("preset", "shape"), CASES)
def test_every_recipe_has_all_signals_and_computes_the_same(
    preset: str, shape: Shape, packing: int, feed: type[Recorded]
) -> None:
    config = tiny(preset, data="digits" if shape == MNIST else "ring", batch_size=8, packing=packing)
    recipe, labelled = recipe_of(preset), recipe_of(preset).conditioned_on == "label"
    plain, watched = players_of(config, shape), players_of(config, shape)
    for players in (plain, watched):
        players.random = torch.Generator().manual_seed(0)
    logged = recipe.step(plain, config.settings, feed(config, shape))
    found = probed(
        watched,
        lambda feed: recipe.step(watched, config.settings, feed),
        feed(config, shape),
        labelled=labelled,
    )
    assert [name for name, value in found.items() if not math.isfinite(value)] == []
    assert 0 <= found["d_accuracy"] <= 1
    assert all(found[name] > 0 for name in ("g_gradient", "sample_gradient", "d_update", "g_update", "spread"))
    for network in ("generator", "discriminator"):
        pairs = zip(*(getattr(players, network).state_dict().values() for players in (plain, watched)), strict=True)
        assert all(torch.equal(one, two) for one, two in pairs)
    if "real_score" in logged and preset != "wgan-gp":  # which logs the mean over its critic's steps
        assert found["real_score"] == pytest.approx(logged["real_score"].item(), abs=1e-6)
        assert found["fake_score"] == pytest.approx(logged["fake_score"].item(), abs=1e-6)


def test_scores_of_classes_do_not_count() -> None:
    config = tiny("acgan", batch_size=8)
    players, recipe = players_of(config), recipe_of("acgan")
    found = probed(players, lambda feed: recipe.step(players, config.settings, feed), Recorded(config), labelled=True)
    again = players_of(config)
    first = again.score(Recorded(config).real())[:, 0].mean().item()
    assert found["real_score"] == pytest.approx(first, abs=1e-6)


def test_nothing_is_left_on_the_players() -> None:
    config = tiny("gan-simple")
    players = players_of(config)
    probe = Probe(players, None, labelled=False)

    def fails(feed: Feed) -> None:
        feed.real()
        raise ValueError("breaks off")

    with pytest.raises(ValueError, match="breaks off"), probe.watch(Recorded(config)) as feed:
        fails(feed)
    assert players.observer is None
    assert not any(optimizer._optimizer_step_pre_hooks for optimizer in players.optimizers.values())
    assert probe.take().isnan().sum() == len(SIGNAL_NAMES)


def test_a_run_is_probed_and_computes_the_same(
    make_manager: Callable[..., RunManager], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finish(make_manager("a").start(tiny("quick", "25it", ema_decay=0.9, augment="translation")))
    found = run.signals()
    assert found.column("iteration").tolist() == [1, 1 + PROBE_EVERY, 1 + 2 * PROBE_EVERY]
    assert found.names[4:] == SIGNAL_NAMES
    shared, _ = run.history().since()
    at = found.column("iteration").astype(int) - 1
    assert found.column("elapsed_s").tolist() == shared["elapsed_s"][at].tolist()
    again = make_manager("a").get(run.id).signals()
    assert all(np.array_equal(again.column(name), found.column(name)) for name in found.names)
    monkeypatch.setattr(Probe, "is_due", staticmethod(lambda _iteration: False))
    alone = finish(make_manager("b").start(tiny("quick", "25it", ema_decay=0.9, augment="translation")))
    assert len(alone.signals()) == 0
    for name in ("generator_loss", "discriminator_loss", "d_real"):
        assert np.array_equal(run.history().column(name), alone.history().column(name))


def test_a_resumed_run_goes_on_with_its_signals(make_manager: Callable[..., RunManager]) -> None:
    whole = finish(make_manager("a").start(tiny("gan-simple", "45it"))).signals()
    manager = make_manager("b")
    part = finish(manager.start(tiny("gan-simple", "17it")))
    more = finish(manager.resume(part.id, Length(45, "it"))).signals()
    for name in ("iteration", *SIGNAL_NAMES):
        assert np.array_equal(whole.column(name), more.column(name), equal_nan=True), name


def test_a_run_without_signals_has_an_empty_history(manager: RunManager) -> None:
    run = finish(manager.start(tiny("gan-simple", "12it")))
    (run.folder.path / "signals.arrow").unlink()
    assert len(run.signals()) == 0
    assert run.signals().names[-len(SIGNAL_NAMES) :] == SIGNAL_NAMES
    more = finish(manager.resume(run.id, Length(25, "it"))).signals()
    assert more.column("iteration").tolist() == [21], "an older run has signals from where it goes on"


def test_signals_that_are_not_finite_do_not_end_a_run(manager: RunManager, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(samples: Tensor) -> Tensor:
        return torch.tensor(math.inf)

    monkeypatch.setattr(signals, "spread", broken)
    found = finish(manager.start(tiny("gan-simple", "12it"))).signals()
    assert np.isnan(found.column("spread")).all()
