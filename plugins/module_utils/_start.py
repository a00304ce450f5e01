# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``mail_account_apply`` does first. It has to be understood by older Pythons than all else, so that they can be told."""

import json
import os
import sys


class Sources:
    """Imports modules from their texts, by full name; a package is named with ``.__init__`` behind it."""

    def __init__(self, texts):
        from importlib.machinery import ModuleSpec  # which Python 2 has not

        self._texts = texts
        self._spec = ModuleSpec

    def find_spec(self, name, path=None, target=None):
        for origin in (name, name + ".__init__"):
            if origin in self._texts:
                return self._spec(name, self, origin=origin, is_package=origin != name)
        return None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        origin = module.__spec__.origin
        # A file that cannot be: Python looks up the lines of a traceback, and would do so where the login user stands.
        place = "/dev/null/%s.py" % origin.rpartition(".")[2]
        exec(compile(self._texts[origin], place, "exec"), module.__dict__)


def unpacked(text):
    """The data in base64 of zlib-compressed JSON."""
    import base64
    import zlib

    return json.loads(zlib.decompress(base64.b64decode(text)))


def start(arguments):
    """The module's result, which the program's ``run`` returns."""
    python = "%s (Python %d.%d)" % ((sys.executable,) + tuple(sys.version_info[:2]))
    if sys.version_info < (3, 8):
        return failure("needs Python 3.8 or newer on the host, and this is %s: set ansible_python_interpreter" % python)
    try:
        program = unpacked(arguments["program"])
        # Before all others: where the host is the controller, too, this collection could be found there in another version.
        sys.meta_path.insert(0, Sources(program["sources"]))
        __import__(program["main"])
    except ImportError as exc:
        return failure("%s has no module %s: install the whole of it, or set ansible_python_interpreter" % (python, exc.name))
    return sys.modules[program["main"]].run(unpacked(arguments["payload"]))


def failure(what):
    return {"failed": True, "msg": "mail_account: " + what}


if __name__ == "__main__":
    result = start(json.loads(ARGUMENTS))  # noqa: F821, set by the module  # pylint: disable=undefined-variable
    sys.stdout.write(json.dumps(result) + "\n")
    sys.stdout.flush()
    # Python would take apart all that was loaded, for a tenth of the time that the host needs.
    os._exit(1 if result.get("failed") else 0)
