"""Is the commit that a run keeps that of the package, and of nothing else?"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from sentiment_cli.checkout import package_commit

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not there")


def git(directory: Path, *arguments: str) -> str:
    names = ["-c", "user.name=N", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *names, *arguments], cwd=directory, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of one module in a checkout with one commit."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "none"))
    directory = tmp_path / "checkout" / "package"
    directory.mkdir(parents=True)
    (directory / "module.py").write_text("x = 1\n", encoding="utf-8")
    git(directory.parent, "init", "-q")
    git(directory.parent, "add", ".")
    git(directory.parent, "commit", "-qm", "First")
    return directory


def test_the_commit_of_a_clean_checkout_has_40_digits(package: Path) -> None:
    assert package_commit(package) == git(package, "rev-parse", "HEAD")
    assert len(str(package_commit(package))) == 40


@pytest.mark.parametrize("name", ["module.py", "another.py"])
def test_a_changed_or_added_module_is_said(package: Path, name: str) -> None:
    (package / name).write_text("x = 2\n", encoding="utf-8")
    assert package_commit(package) == git(package, "rev-parse", "HEAD") + "-dirty"


def test_a_change_beside_the_package_is_none_of_it(package: Path) -> None:
    (package.parent / "results.csv").write_text("changed\n", encoding="utf-8")
    assert package_commit(package) == git(package, "rev-parse", "HEAD")


def test_a_worktree_has_its_own_commit(package: Path, tmp_path: Path) -> None:
    git(package, "worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    git(tmp_path / "tree", "commit", "-q", "--allow-empty", "-m", "Second")
    assert package_commit(tmp_path / "tree" / "package") == git(tmp_path / "tree", "rev-parse", "HEAD")
    assert package_commit(tmp_path / "tree" / "package") != package_commit(package)


def test_a_package_that_is_installed_inside_another_projects_checkout_has_none(package: Path) -> None:
    installed = package.parent / "site-packages" / "sentiment_cli"
    installed.mkdir(parents=True)
    assert package_commit(installed) is None


def test_a_checkout_without_a_commit_a_broken_one_and_one_without_git_have_none(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty" / "package").mkdir(parents=True)
    git(tmp_path / "empty", "init", "-q")
    assert package_commit(tmp_path / "empty" / "package") is None
    (tmp_path / "broken" / "package").mkdir(parents=True)
    (tmp_path / "broken" / ".git").write_text("gitdir: /nowhere\n", encoding="utf-8")
    assert package_commit(tmp_path / "broken" / "package") is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert package_commit(package) is None


def test_the_repository_of_a_hook_that_calls_is_not_taken(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert len(str(package_commit(package))) == 40
