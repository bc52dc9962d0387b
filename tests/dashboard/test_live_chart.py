"""What the live chart sends to the browser: thinned, smoothed, packed, and JSON-safe whatever a run logged."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.live_chart.pack import DOTS_UP_TO, Marker, Trace, pack_chart, smooth, thin

NAN = float("nan")
INF = float("inf")
any_values = st.lists(st.floats(allow_nan=True, allow_infinity=True) | st.just(NAN), min_size=0, max_size=400)


def line(y: Any, name: str = "loss", x: Any = None, **settings: Any) -> Trace:
    y = np.asarray(y, dtype=np.float64)
    return Trace(name, np.arange(len(y), dtype=np.float64) if x is None else np.asarray(x), y, "#6366f1", **settings)


def pack(*traces: Trace, **settings: Any) -> dict[str, Any]:
    """As the browser receives it: through JSON, which knows neither nan nor infinity."""
    packed = pack_chart(traces, key="k", x_title="iteration", **{"panel_titles": ["loss", "score"], **settings})
    found: dict[str, Any] = json.loads(json.dumps(packed, allow_nan=False))
    return found


def decode(array: dict[str, str]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(array["bdata"]), dtype=f"<{array['dtype']}")


def tensorboard(y: list[float], weight: float) -> list[float]:
    """The loop of TensorBoard's smoothing slider."""
    last, steps, smoothed = 0.0, 0, []
    for value in y:
        if np.isfinite(value):
            last = last * weight + (1 - weight) * value
            steps += 1
            smoothed.append(last / (1 - weight**steps))
        else:
            smoothed.append(NAN)
    return smoothed


class TestSmooth:
    @given(
        st.lists(st.floats(-1e6, 1e6) | st.sampled_from([NAN, INF, -INF]), min_size=1, max_size=60),
        st.floats(0.01, 0.99),
    )
    def test_equals_tensorboards(self, y: list[float], weight: float) -> None:
        expected = tensorboard(y, weight)
        np.testing.assert_allclose(smooth(np.array(y), weight), expected, rtol=1e-6, atol=1e-3)

    def test_by_hand(self) -> None:
        # 1; (0.5*1 + 3) / 1.5; (0.25*1 + 0.5*3 + 5) / 1.75
        np.testing.assert_allclose(smooth(np.array([1.0, 3.0, 5.0]), 0.5), [1, 7 / 3, 27 / 7])

    def test_weight_zero_is_the_data_with_gaps(self) -> None:
        np.testing.assert_array_equal(smooth(np.array([2.0, INF, 4.0]), 0), [2, NAN, 4])


class TestThin:
    @given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4), st.integers(0, 6000))
    @settings(deadline=None)
    def test_rows_ascend_within_the_limit_and_reach_both_ends(self, seeds: list[int], n: int) -> None:
        columns = []
        for seed in seeds:
            random = np.random.default_rng(seed)
            y = random.normal(size=n)
            y[random.random(n) < random.choice([0, 0.01, 0.9, 1])] = random.choice([NAN, INF, -INF])
            columns.append(y)
        rows = thin(columns)
        assert len(rows) == n if n <= 1000 else 2 <= len(rows) <= 1000
        assert (np.diff(rows) > 0).all()
        if n:
            assert (rows[0], rows[-1]) == (0, n - 1)

    def test_a_single_spike_survives_in_each_of_four_columns(self) -> None:
        random = np.random.default_rng(3)
        columns = [random.normal(size=200_000) for _ in range(4)]
        for i, column in enumerate(columns):
            column[12_345 * (i + 1)] = 50 * (-1) ** i
        rows = set(thin(columns).tolist())
        assert {12_345 * (i + 1) for i in range(4)} <= rows

    def test_a_gap_stays_a_gap(self) -> None:
        y = np.sin(np.arange(50_000) / 500)
        y[20_000:20_010] = NAN
        drawn = y[thin([y])]
        assert np.isnan(drawn).sum() >= 1
        before, after = np.split(drawn, [int(np.flatnonzero(np.isnan(drawn))[0])])
        assert np.isfinite(before).all()
        assert np.isfinite(after[-100:]).all()

    @pytest.mark.parametrize("value", [0.0, 1e308, NAN, INF])
    def test_constant_columns(self, value: float) -> None:
        assert 2 <= len(thin([np.full(5000, value)])) <= 1000


class TestPack:
    @given(any_values, st.sampled_from([0.0, 0.6, 0.99]))
    def test_anything_logged_gives_json_and_finite_or_nan(self, y: list[float], smoothing: float) -> None:
        trace = pack(line(y), smoothing=smoothing)["traces"][0]
        for array in [trace["y"], *([trace["raw"]] if trace["raw"] else [])]:
            assert not np.isinf(decode(array)).any()

    def test_values_and_positions_survive(self) -> None:
        data = pack(line([1.5, NAN, INF, 1e300, -2.5], x=[0, 1, 2, 3, 2**24 + 1]))
        np.testing.assert_array_equal(decode(data["columns"][0]), [0, 1, 2, 3, 2**24 + 1])
        np.testing.assert_array_equal(decode(data["traces"][0]["y"]), [1.5, NAN, NAN, NAN, -2.5])

    def test_rows_without_a_position_are_left_out(self) -> None:
        data = pack(line([1, 2, 3], x=[0, NAN, 2]))
        assert decode(data["columns"][0]).tolist() == [0, 2]
        assert decode(data["traces"][0]["y"]).tolist() == [1, 3]

    def test_points_count_the_history_before_thinning(self) -> None:
        data = pack(line(np.zeros(12_000)))
        assert data["points"] == 12_000
        assert len(decode(data["columns"][0])) <= 1000

    def test_traces_of_one_group_with_equal_x_share_positions(self) -> None:
        y = np.random.default_rng(0).normal(size=3000)
        data = pack(
            line(y, "G", legend_group="a"),
            line(y[:2000], "G", legend_group="b"),
            line(-y, "D", legend_group="a"),
            line(y, "G", legend_group="c"),
        )
        assert [trace["x"] for trace in data["traces"]] == [0, 1, 0, 2]
        for trace in data["traces"]:
            assert len(decode(trace["y"])) == len(decode(data["columns"][trace["x"]])) <= 1000

    def test_smoothing_happens_before_thinning_and_keeps_the_raw_line(self) -> None:
        y = np.random.default_rng(0).normal(size=5000)
        data = pack(line(y), smoothing=0.9)
        rows = decode(data["columns"][0]).astype(int)
        np.testing.assert_allclose(decode(data["traces"][0]["y"]), smooth(y, 0.9)[rows], rtol=1e-5)
        np.testing.assert_allclose(decode(data["traces"][0]["raw"]), y[rows], rtol=1e-5)
        assert pack(line(y))["traces"][0]["raw"] is None

    def test_few_values_are_drawn_as_dots_too(self) -> None:
        sparse = np.full(5000, NAN)
        sparse[:: 5000 // DOTS_UP_TO][:DOTS_UP_TO] = 1
        assert pack(line(sparse[:5]), line(sparse, "FID"), line(np.ones(31), "G"))["traces"][0]["dots"]
        assert [t["dots"] for t in pack(line(np.ones(30)), line(np.ones(31), "G"))["traces"]] == [True, False]

    def test_without_rows_the_legend_entry_stays(self) -> None:
        data = pack(line([]))
        assert (data["empty"], data["points"]) == (True, 0)
        assert np.isnan(decode(data["traces"][0]["y"])).tolist() == [True]
        assert pack()["empty"]

    def test_texts_cannot_be_markup(self) -> None:
        data = pack(line([1], "<b>run & co"), markers=[Marker(1, "<i>"), Marker(NAN, "nowhere")])
        assert data["traces"][0]["name"] == "&lt;b&gt;run &amp; co"
        assert data["markers"] == [{"x": 1.0, "label": "&lt;i&gt;"}]

    def test_ranges_are_filled_up(self) -> None:
        assert [panel["range"] for panel in pack(panel_ranges=[None, (0, 1)])["panels"]] == [None, [0, 1]]
        assert [panel["range"] for panel in pack(panel_ranges=[(0, 1)])["panels"]] == [[0, 1], None]

    def test_all_mistakes_are_named_at_once(self) -> None:
        with pytest.raises(ValueError, match="smoothing") as raised:
            pack(
                line([1], "G", x=[1, 2]),
                line([1], "D", panel=2),
                line([1], "D", panel=2),
                smoothing=1.0,
                panel_ranges=[(1, 0)],
            )
        problems = str(raised.value).splitlines()
        assert len(problems) == 6
        assert "trace 'G': expected x and y of one shape (n,), found ((2,), (1,))" in problems
        with pytest.raises(ValueError, match="panel_titles: expected 1 or 2 titles, found 3"):
            pack(panel_titles=["a", "b", "c"])
