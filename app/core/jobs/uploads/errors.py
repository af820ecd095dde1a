"""What can be wrong with a file that comes in by parts."""

from __future__ import annotations

from app.core.errors import N_, Conflict, DomainError


class UploadsFull(Conflict):
    """So much waits to be fetched already that nothing more is taken."""

    code = "uploads_full"
    message = N_("{megabytes} MB of uploads are waiting already. Finish or delete some first.")


class PartTooLarge(DomainError):
    """A part is larger than parts may be."""

    code = "part_too_large"
    message = N_("A part has at most {megabytes} MB.")
    status = 413


class DigestMissing(DomainError):
    """A part does not say what its digest is."""

    code = "digest_required"
    message = N_("Send Content-Digest with the SHA-256 of this part, as RFC 9530 has it: sha-256=:…:")
    status = 400


class DigestWrong(DomainError):
    """What arrived is not what was sent."""

    code = "digest_mismatch"
    message = N_("The digest does not match what arrived. Send this part again.")
    status = 400


class UploadComplete(Conflict):
    """All of it is there, so nothing is changed any more."""

    code = "upload_complete"
    message = N_("This file is complete. Its parts do not change any more.")


class PartsTooMany(Conflict):
    """The parts together are more than was announced."""

    code = "parts_exceed_size"
    message = N_("The parts are larger than the {size} bytes that were announced.")


class PartsMissing(Conflict):
    """The parts together are less than was announced, or one of them is missing."""

    code = "parts_missing"
    message = N_("There are {there} of {size} bytes, in the parts {numbers}. Send what is missing.")


class ChecksumWrong(Conflict):
    """All parts are there, and together they are not the file that was announced."""

    code = "checksum_mismatch"
    message = N_("The parts together are not the file whose checksum was announced. Send the wrong parts again.")
