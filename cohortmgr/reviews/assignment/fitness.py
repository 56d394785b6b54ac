"""Who may be given which file by the languages and fields of study that a reader reads. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cohortmgr.reviews.assignment.pairing import ReaderPair


@dataclass(frozen=True)
class ReaderScope:
    """What somebody reads: files in these languages and of these fields; without any of one kind, all of it."""

    languages: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()

    def reads_language(self, file: FileSubject) -> bool:
        """Whether they read the language in which a file was written."""
        return not self.languages or file.language in self.languages

    def reads_field(self, file: FileSubject) -> bool:
        """Whether they read the field of a file; one without any is everybody's."""
        return not self.fields or not file.field or file.field in self.fields

    def reads(self, file: FileSubject) -> bool:
        """Whether they may be given a file when files are shared out."""
        return self.reads_language(file) and self.reads_field(file)


@dataclass(frozen=True)
class FileSubject:
    """In which language a file was written, and of which field it is: its offering, or its person's studies."""

    language: str
    field: str = ""


def unfit(files: Mapping[str, FileSubject], scopes: Mapping[str, ReaderScope]) -> set[ReaderPair]:
    """Return (reader, file) of each file that a reader is not given when files are shared out."""
    kinds: dict[FileSubject, list[str]] = {}
    for number, file in files.items():
        kinds.setdefault(file, []).append(number)
    return {
        (reader, number)
        for reader, scope in scopes.items()
        for file, numbers in kinds.items()
        if not scope.reads(file)
        for number in numbers
    }


@dataclass(frozen=True)
class Scarcity:
    """Of how many files that lack readers somebody does not read the language, or the field: by language and field."""

    languages: Mapping[str, int]
    fields: Mapping[str, int]


def scarcity(
    short: Collection[str], files: Mapping[str, FileSubject], scopes: Collection[ReaderScope]
) -> Scarcity:
    """Say for which languages and fields readers are lacking, of the files that have too few."""
    languages, fields = Counter[str](), Counter[str]()
    for number in short:
        file = files.get(number)
        if file is None:
            continue
        languages[file.language] += any(not scope.reads_language(file) for scope in scopes)
        fields[file.field] += any(not scope.reads_field(file) for scope in scopes)
    return Scarcity(+languages, +fields)
