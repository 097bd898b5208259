"""Files that only their owner can read: born so, replaced whole, and refused when they are not."""

from __future__ import annotations

import errno
import os
import stat
import sys

TYPE_CHECKING = False  # the fast way to a cached token reads through here
if TYPE_CHECKING:
    from pathlib import Path

ASIDE = ".flowrun"
"""The folder, in that of the records, for what lies beside them."""

MOST_BYTES = 1 << 16
"""At a time; nearly every file is read by one call, without what a file object costs."""

ROOM, WRITABLE = "Free some space there", "Choose a folder that you can write, with --tokens"
REMEDIES = {errno.ENOSPC: ROOM, errno.EDQUOT: ROOM, errno.EFBIG: ROOM}


def read(path: str | Path) -> bytes | None:
    """What is in *path*, None when there is no such file; raises when it is not private."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    with told("read", path):
        try:
            _check(path, os.lstat(path), folder=False)
            descriptor = os.open(path, flags)
            try:
                _check(path, os.fstat(descriptor), folder=False)
                return b"".join(iter(lambda: os.read(descriptor, MOST_BYTES), b""))
            finally:
                os.close(descriptor)
        except FileNotFoundError:  # perhaps since a moment ago
            return None


def write(path: Path, content: bytes, *, new: bool = False, part: Path | None = None) -> None:
    """
    Put *content* into *path* so that a reader, or a crash, meets the old or the new.

    Until it is whole it lies at *part*, where nobody else may write, or beside *path*. After an
    error there is nothing of it, and a *new* file is not there.
    """
    part, made = part or path.with_name(f".{path.name}.{os.urandom(6).hex()}"), False
    with told("write", path):
        try:
            _fill(part, content)
            if new:
                path.hardlink_to(part)  # which, unlike replace, refuses what exists
                made = True
            else:
                part.replace(path)
            sync(path.parent)
        except OSError:
            if made:
                _drop(path)
            raise
        finally:
            _drop(part)


def _fill(path: Path, content: bytes) -> None:
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        flush(file.fileno())


def flush(descriptor: int, *, content_only: bool = False) -> None:
    """Have what was written on the disk, and not in the memory of the system or of the disk."""
    if sys.platform == "darwin":  # where fsync stops halfway
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    elif content_only:
        os.fdatasync(descriptor)
    else:
        os.fsync(descriptor)


def _drop(path: Path) -> None:
    """Remove *path* if that can be done; else whoever locks its record does (`part_of`)."""
    try:
        path.unlink()
    except OSError:
        return


def part_of(path: Path) -> Path:
    """
    Where what becomes *path* lies until it is whole.

    It is one place for everything of a record, which only who has locked the record may write: so
    the next one who does finds what a crash has left, without a look at the whole folder.
    """
    folder = path.parent if path.parent.name == ASIDE else path.parent / ASIDE
    return folder / f".{path.stem}.part"


def sweep(path: Path) -> None:
    """Remove what a crash has left of writing *path*; the caller alone may write it now."""
    prefix = f".{path.name}."
    for left in path.parent.iterdir() if path.parent.is_dir() else ():
        rest = left.name.removeprefix(prefix)
        if left.name.startswith(prefix) and len(rest) == 12 and not rest.strip("0123456789abcdef"):
            remove(left)


def remove(path: Path) -> None:
    with told("remove", path):
        path.unlink(missing_ok=True)


def folder(path: Path) -> None:
    """Make *path* a folder that only its owner may enter, and git does not see."""
    with told("create", path):
        for missing in [each for each in (path, *path.parents) if not each.exists()][::-1]:
            missing.mkdir(mode=0o700, exist_ok=True)
            sync(missing.parent)
        is_private(path)
        if not (path / ".gitignore").exists():
            write(path / ".gitignore", b"*\n")


def is_private(folder: str | Path) -> bool:
    """Whether *folder* exists; raises when it is something else, or others may enter it."""
    with told("open", folder):
        try:
            _check(folder, os.lstat(folder), folder=True)
        except FileNotFoundError:
            return False
    return True


def refuse_tracked(path: Path) -> None:
    """Raise when git would publish *path*."""
    if not any((parent / ".git").exists() for parent in path.absolute().parents):
        return
    import subprocess

    from flowrun.inherited import inherited

    # A repository may name a program that watches its files; listing one must not run it.
    env = inherited(os.environ)
    command = ["git", "-c", "core.fsmonitor=false", "ls-files", "--error-unmatch", "--", path.name]
    try:
        # Nothing in it was chosen by a recipe: S603 has no way to know.
        done = subprocess.run(command, cwd=path.parent, capture_output=True, env=env)  # noqa: S603
    except FileNotFoundError:  # without git nothing is published
        return
    if done.returncode == 0:
        hint = "Count its token as leaked: revoke it. Then run: git rm --cached"
        raise _refused("E706", f"git tracks {path}", path, hint)


class told:  # a class, since contextlib costs a millisecond
    """Say why the system does not let us do *deed* to *path*, and what helps."""

    def __init__(self, deed: str, path: str | Path) -> None:
        self.deed = f"cannot {deed} {path}"

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, OSError):
            from flowrun.errors import StoreError

            hint = f"{REMEDIES.get(error.errno or 0, WRITABLE)}, then run again."
            message = f"{self.deed}: {error.strerror or error}"
            raise StoreError("E701", message, hint=hint) from None


def sync(folder: Path) -> None:
    """Make the names in *folder* last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        flush(descriptor)
    finally:
        os.close(descriptor)


def _check(path: str | Path, status: os.stat_result, *, folder: bool) -> None:
    mode, right = status.st_mode, stat.S_ISDIR if folder else stat.S_ISREG
    if right(mode) and status.st_uid == os.geteuid() and not mode & 0o077:
        return
    for wrong, what, repair in (
        (stat.S_ISLNK(mode), "is a symbolic link", "ls -l"),
        (not right(mode), f"is no {'folder' if folder else 'regular file'}", "ls -l"),
        (status.st_uid != os.geteuid(), "belongs to another user", "sudo chown $USER"),
        (mode & 0o077, "is open to other users", f"chmod {'700' if folder else '600'}"),
    ):
        if wrong:
            raise _refused("E703", f"{path} {what}", path, f"Look at it, then run: {repair}")


def _refused(code: str, message: str, path: str | Path, hint: str) -> Exception:
    import shlex

    from flowrun.errors import StoreError

    return StoreError(code, message, hint=f"{hint} {shlex.quote(str(path))}")
