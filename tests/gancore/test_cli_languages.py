"""The command line in Chinese: in processes of its own, as its language is the process's."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gancore import losses
from gancore.cli_words import aligned, translated, wrapped
from gancore.i18n import speaking
from gancore.recipes import configure
from gancore.runs import RunManager
from gancore.status import RunState, Status
from gancore.steering import Change

ROOT = Path(__file__).resolve().parents[2]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def gancore(*arguments: object, **language: str) -> subprocess.CompletedProcess[str]:
    names = ("GANCORE_LANGUAGE", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    return subprocess.run(
        [sys.executable, "-m", "gancore", *map(str, arguments)],
        cwd=ROOT, env={**environment, "PYTHONUTF8": "1", **language},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_help_is_chinese_where_the_system_is() -> None:
    done = gancore("sample", "--help", LANG="zh_CN.UTF-8")
    assert done.returncode == 0
    assert "用法：python -m gancore sample" in done.stdout
    assert "样本数量。 [默认：64; x>=1]" in done.stdout
    assert "显示此帮助并退出。" in done.stdout
    words = [line for line in done.stdout.splitlines() if line.startswith("  -") and "  " in line.strip()]
    assert words
    assert all(CHINESE.search(line) for line in words)


def test_bad_input_is_told_in_chinese_and_exits_with_2() -> None:
    done = gancore("train", "--set", "batch_size=1", "--set", "no=2", "--device", "tpu", GANCORE_LANGUAGE="zh_CN")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("gancore: dcgan：batch_size: 应至少为 2，实际为 '1'; no: 不是一项设置")
    assert "Traceback" not in done.stderr


def test_typers_own_errors_are_told_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    with speaking("zh_CN"):
        assert translated("Missing option '--out' / '-o'.") == "缺少选项 '--out' / '-o'。"
        wrong = "Invalid value for '--count' / '-n': Input should be greater than or equal to 1"
        assert translated(wrong) == "'--count' / '-n' 的值无效：应大于或等于 1"
        assert translated("No such option: --sed (Possible options: --seed, --set)").startswith("没有选项 --sed（")
        assert translated("something else") == "something else"
    assert translated("Missing command.") == "Missing command."


def test_tables_align_by_the_columns_that_characters_take() -> None:
    assert aligned([["数据", "x"], ["mnist", "y"]]) == ["数据   x", "mnist  y"]
    assert wrapped("一二三四，五六", 8) == ["一二三", "四，五六"]
    assert wrapped("words that wrap", 10) == ["words that", "wrap"]


@pytest.mark.slow
def test_a_run_trained_in_english_is_read_in_chinese(manager: RunManager, monkeypatch: pytest.MonkeyPatch) -> None:
    honest, calls = losses.non_saturating, iter(range(10**6))
    monkeypatch.setattr(losses, "non_saturating", lambda s: honest(s) * (math.inf if next(calls) == 2 else 1.0))
    config = configure("gan-simple", plan="9it", batch_size=8, latent_dim=4, generator_widths="8", grid=1)
    run = manager.start(config)
    assert run.wait(120)
    assert (run.status().state, run.status().message) == (
        RunState.DIVERGED,
        "diverged at iteration 3: generator loss is inf",
    )
    listed = gancore("runs", "--runs", manager.root, GANCORE_LANGUAGE="zh_CN").stdout
    assert "在第 3 次迭代发散：生成器损失为 inf" in listed
    assert "已发散" in listed
    for_machines = json.loads(gancore("runs", "--json", "--runs", manager.root, GANCORE_LANGUAGE="zh_CN").stdout)
    assert for_machines[0]["state"] == "diverged"
    assert for_machines[0]["message"] == run.status().message


def test_what_older_versions_stored_is_read() -> None:
    old = Status.model_validate({"state": "interrupted", "message": "its process ended before the run did"})
    unknown = Status.model_validate({"state": "failed", "message": "OSError: no space", "message_parts": {"a": 1}})
    with speaking("zh_CN"):
        assert old.words == "进程在运行结束之前就终止了"
        assert old.state.words == "已中断"
        assert unknown.words == "OSError: no space"


def test_changes_are_read_in_any_language() -> None:
    position = {"iteration": 5, "epoch": 1.0, "images_seen": 9, "elapsed_s": 1.0}
    changes = [
        Change(**position, what="trains", before="both", after="generator", text="Only G trains"),
        Change(**position, what="learning_rate.generator", before=1e-3, after=2e-4, text="G rate 0.001 → 0.0002"),
        Change(**position, what="packing", before=1, after=2, text="Packing 1 → 2"),
    ]
    assert [change.words for change in changes] == [change.text for change in changes]
    with speaking("zh_CN"):
        told = [change.words for change in changes]
        assert told == ["只训练 G", "G 的学习率 0.001 → 0.0002", "打包（packing） 1 → 2"]
