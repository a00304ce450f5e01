# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys and certificates for the tests, as ``openssl`` makes them, and what it says of a signed file."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from .programs import needs

KEYS = {
    "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "ec": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "ed25519": ["-algorithm", "ED25519"],
}


def openssl(*argv: str | Path, data: bytes = b"") -> bytes:
    needs("openssl")
    done = subprocess.run(["openssl", *map(str, argv)], input=data, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


class Authority:
    """A root, an authority below it, and certificates of that one, in a directory."""

    def __init__(self, directory: Path) -> None:
        self.path = directory
        self._passphrases: dict[str, str] = {}
        self.root = self._self_signed("root")
        self.chain = self.path / "middle.pem"
        self._request("middle", self.key("middle", "ec"))
        self._issue("middle", "root", 300, "basicConstraints=critical,CA:TRUE")

    def key(self, name: str, kind: str = "rsa", passphrase: str | None = None) -> Path:
        path = self.path / f"{name}.key"
        self._passphrases[path.name] = passphrase or ""
        cipher = ["-aes256", "-pass", f"pass:{passphrase}"] if passphrase else []
        openssl("genpkey", *KEYS[kind], *cipher, "-out", path)
        path.chmod(0o600)
        return path

    def certificate(self, name: str, days: int = 365, of: str | None = None) -> Path:
        """One for the key of this name (or ``of`` another), valid from today on; negative days are over."""
        self._request(name, self.path / f"{of or name}.key")
        return self._issue(name, "middle", days, "keyUsage=digitalSignature")

    def options(self, kind: str = "rsa", **more: Any) -> dict[str, str]:
        """The client's options for the key of this kind, with its certificate and the chain."""
        name = f"signer-{kind}"
        key, certificate = (self.path / f"{name}.{suffix}" for suffix in ("key", "pem"))
        if not key.exists():
            self.key(name, kind)
            self.certificate(name)
        files = {"signing_key_file": key, "signing_certificate_file": certificate, "signing_chain_file": self.chain}
        return {**{option: str(path) for option, path in files.items()}, **more}

    def verified(self, message: bytes) -> bytes:
        """The content of a signed message, which its chain proves up to the root."""
        return openssl("cms", "-verify", "-inform", "DER", "-CAfile", self.root, "-purpose", "any", data=message)

    def _self_signed(self, name: str) -> Path:
        path = self.path / f"{name}.pem"
        openssl("req", "-x509", "-new", "-key", self.key(name, "ec"), "-subj", f"/CN={name}", "-days", "3650", "-out", path)
        return path

    def _request(self, name: str, key: Path) -> None:
        passphrase = ["-passin", f"pass:{self._passphrases[key.name]}"]
        openssl("req", "-new", "-key", key, *passphrase, "-subj", f"/O=Example/CN={name} \u0141\u00f3d\u017a", "-utf8", "-out", self.path / f"{name}.csr")

    def _issue(self, name: str, issuer: str, days: int, extension: str) -> Path:
        path, extensions = self.path / f"{name}.pem", self.path / f"{name}.ext"
        extensions.write_text(f"{extension}\n", encoding="utf-8")
        openssl("x509", "-req", "-in", self.path / f"{name}.csr", "-CA", self.path / f"{issuer}.pem", "-CAkey", self.path / f"{issuer}.key",
                "-CAcreateserial", "-days", str(days), "-extfile", extensions, "-out", path)  # fmt: skip
        return path
