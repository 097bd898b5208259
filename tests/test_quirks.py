"""Every quirk of tests/quirks: its recipe against a provider that is that way, to the letter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowrun.commands.check import check
from flowrun.commands.explain import dry_run, explain
from flowrun.settings import Settings
from servers.command import TESTS
from servers.quirky.play import Stage, play_of
from servers.quirky.provider import Served, serving

QUIRKS = TESTS / "quirks"
RECIPES = sorted(QUIRKS.rglob("[a-z]*.yaml"))


@pytest.fixture(scope="session")
def quirky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("quirky")) as served:
        yield served


def named(recipe: Path) -> str:
    return str(recipe.relative_to(QUIRKS).with_suffix(""))


@pytest.mark.parametrize("recipe", RECIPES, ids=named)
def test_a_recipe_copes(recipe: Path, quirky: Served, tmp_path: Path) -> None:
    play = play_of(recipe)
    stage = Stage(play, quirky, tmp_path)

    for act in play.acts:
        stage.perform(act)


@pytest.mark.parametrize("recipe", RECIPES, ids=named)
def test_a_recipe_is_clean_and_can_be_explained(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    play = play_of(recipe)
    settings = Settings(given=play.plain, no_input=True)
    statuses = [
        check([str(recipe)]),
        explain(str(recipe), settings),
        dry_run([str(recipe)], settings),
    ]

    assert statuses == [0, 0, 0], capfd.readouterr().err


@pytest.mark.parametrize("recipe", RECIPES, ids=named)
def test_a_recipe_says_which_quirk_it_is_and_who_has_it(recipe: Path) -> None:
    lines = recipe.read_text("utf-8").splitlines()

    assert re.match(r"# [A-Z].*\.$", lines[0])
    assert re.match(r"# \S", lines[1])
    assert f"name: {recipe.stem}" in lines
