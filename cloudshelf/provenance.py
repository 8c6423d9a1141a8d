"""Where a wheel says that it was built, in words. Kept as it came (PEP 740); who signed it was not verified.

Verifying takes Sigstore's trust root, which is fetched from its TUF repository, and 15 distributions more: who wants it
has the bytes (``projects/<name>/provenance/<sha256>``), and ``python -m pypi_attestations``.
"""

from __future__ import annotations

from contextlib import suppress

from .codecs.names import provenance_key
from .codecs.provenance import parse_provenance, printable
from .errors import ObjectInvalid, ObjectMissing
from .model import Wheel
from .repository import Repository


def describe_provenance(repository: Repository, project: str, wheel: Wheel) -> str:
    """ "built by GitHub owner/repository, release.yml (not verified)". What cannot be read is said so, and no error."""
    try:
        data = repository.provenance(project, wheel.provenance)
        found = parse_provenance(data, provenance_key(project, wheel.provenance))
    except ObjectMissing:
        return "built somewhere, but what said where is not on the shelf"
    except ObjectInvalid as error:
        return f"built somewhere, but what says where is damaged: {error.reason}"
    if wheel.sha256 not in found.subjects:
        return "built somewhere, but what says where is about another file"
    builders = found.publishers or tuple(filter(None, map(_identity, found.certificates)))
    return f"built by {' and '.join(builders) or 'somebody without a name'} (not verified)"


def _identity(certificate: bytes) -> str:
    """Whom a certificate names: an address, or the URL of a workflow."""
    from cryptography import x509

    with suppress(ValueError, x509.ExtensionNotFound):
        names = x509.load_der_x509_certificate(certificate).extensions
        found = names.get_extension_for_class(x509.SubjectAlternativeName).value
        kinds: tuple[type[x509.UniformResourceIdentifier] | type[x509.RFC822Name], ...]
        kinds = (x509.UniformResourceIdentifier, x509.RFC822Name)
        return printable(", ".join(str(name.value) for name in found if isinstance(name, kinds)))
    return ""
