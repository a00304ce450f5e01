#!/usr/bin/python
# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mail_rollout_report
short_description: One page that shows a rollout, from the reports of its hosts
version_added: 0.1.0
author:
  - The mailops.profiles authors (@mailops)
description:
  - Merges the files that O(mailops.profiles.mail_account#module:report_path) wrote for all hosts into one page (HTML) with the same as JSON beside it.
    The reports may come from many batches, from slices of a job, or from hosts that pull.
  - The page begins with what needs attention, and has all hosts and users with a filter. It has no password, needs no network,
    and can be read without scripts. C(docs/rollout-report.md) in the collection describes it.
  - What is in the reports is not trusted. A file that is no report is left out with a warning.
extends_documentation_fragment:
  - mailops.profiles.attributes
attributes:
  check_mode:
    description: Can run in check mode. The page is written then too, as the reports are, so that there is one about a dry run.
    support: full
  diff_mode:
    description: Returns what has changed when in diff mode. The page is no state of anything, so that the module never returns changed.
    support: N/A
  platform:
    description: Runs on the controller. The hosts of the play are not contacted, and need nothing.
    platforms: posix
    support: full
options:
  reports:
    description:
      - Where the reports are. Absolute paths on the controller of files, of directories (all C(*.json) in them), or patterns such as
        V(/srv/reports/*/*.json).
      - The C(.json) of other pages may be among them, for example those of the slices of a job. They are taken instead of the reports of their hosts,
        so give one or the other.
      - Of two reports about the same host, instance and C(dest) the newer one counts.
    type: list
    elements: path
    required: true
  dest:
    description:
      - The page, an absolute path that ends with C(.html). The JSON beside it ends with C(.json). Both get mode 0600.
      - Give it a directory of its own, apart from that of the reports.
    type: path
    required: true
  hosts:
    description:
      - The hosts that should have reported, for example C(ansible_play_hosts_all). One without a report is displayed as never tried.
      - Without it the page knows only hosts with a report.
    type: list
    elements: str
  max_age:
    description:
      - Hours after which a report is too old. Its host is displayed as one that needs attention, because it was not reached lately.
      - Without it a report counts however old it is. M(mailops.profiles.mail_account) replaces the report of a host also when it fails or cannot
        connect, but not when the run ends before the host's turn, or an option is wrong.
    type: int
  store:
    description: Not used. It is accepted, so that C(module_defaults) can give all modules of the action group the same store.
    type: raw
  store_key:
    description: Not used, as O(store).
    type: raw
  store_key_file:
    description: Not used, as O(store).
    type: raw
seealso:
  - module: mailops.profiles.mail_account
  - plugin: mailops.profiles.rollout_report
    plugin_type: callback
    description: The same page from the run itself, with its progress.
notes:
  - Use C(run_once) or a play of its own.
"""

EXAMPLES = r"""
- name: A page about the reports of all hosts
  mailops.profiles.mail_rollout_report:
    reports: "{{ playbook_dir }}/build/reports"
    dest: "{{ playbook_dir }}/build/rollout.html"
    hosts: "{{ ansible_play_hosts_all }}"
  run_once: true
  register: rollout

- name: Display the summary
  ansible.builtin.debug:
    msg: "{{ rollout.msg.splitlines() }}"
  run_once: true
"""

RETURN = r"""
msg:
  description: A summary in some lines. Each mistake once, with the first hosts that have it.
  type: str
  returned: always
  sample: "100 hosts: 2 failed, 40 changed, 58 unchanged"
path:
  description: The page. Missing in check mode if its directory does not exist yet.
  type: str
  returned: success
  sample: /srv/www/reports/rollout.html
json_path:
  description: The same as JSON, whose C(schema_version) is the version of its form.
  type: str
  returned: success
  sample: /srv/www/reports/rollout.json
counts:
  description: How many hosts, users, files and log-ins are in which state.
  type: dict
  returned: success
failed_hosts:
  description: The hosts that failed, could not be reached, were never tried or have an old report only, at most 100.
  type: list
  elements: str
  returned: success
command:
  description: The command that runs the rollout again for these hosts. The other options of the run have to be added. Empty if there are none.
  type: str
  returned: success
  sample: ansible-playbook mailops.profiles.rollout -i inventory.yml --limit desk-3,desk-7
"""
