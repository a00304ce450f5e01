#!/usr/bin/env bash
# The role over several hosts: --check, --limit, serial, a mistake, a wrong type, removal.
set -euo pipefail

export ANSIBLE_NOCOLOR=1
export MAILOPS_STORE=$OUTPUT_DIR/store/profiles.db
export HOMES=$OUTPUT_DIR/homes
log=$OUTPUT_DIR/log

step() { printf '\n=== %s ===\n' "$*"; }
play() { ansible-playbook -i inventory.yml "$@" 2>&1 | tee "$log"; }
rollout() { play mailops.profiles.rollout -vvv "$@"; }
fails() { if "$@"; then echo "expected to fail: $*" && exit 1; fi; }
# Ansible wraps its warnings, so that a sentence may be on two lines.
shows() { { cat "$log" && tr -s '\n ' ' ' <"$log"; } | grep -E -- "$1" >/dev/null || { echo "not in the output: $1" && exit 1; }; }
recap() { shows "^$1 +: ok=[0-9]+ +changed=$2 .*failed=0 "; }
homes() { diff <(printf '%s\n' "$@") <(cd "$HOMES" && find . -mindepth 2 -maxdepth 2 -printf '%P\n' | sort); }
# grep has 1 for "not found", and 2 for a file that it cannot read.
shows_not() { local status=0; grep -E -- "$1" "$log" || status=$?; [[ $status == 1 ]] || { echo "in the output: $1" && exit 1; }; }
no_password() { shows_not 'sesame-[0-9]'; }

step 'The profile'
play profile.yml
mkdir "$HOMES"

step 'Check mode writes nothing'
rollout --check --diff
recap laptop 1
recap shared-desk 1
recap spare 0
no_password
[[ -z $(find "$HOMES" -mindepth 1) ]]

step 'Never a host outside of the group'
shows_not '\<elsewhere\>'

step 'One host'
rollout --limit laptop
recap laptop 1
shows '^mail_account: \[laptop\] 1 user, 1 account: 11 files created'
homes laptop/jkowalska

step 'Host by host'
rollout --diff -e mail_accounts_serial=1
recap laptop 0
recap shared-desk 1
no_password
[[ $(grep -c '^PLAY \[' "$log") == 3 ]]
homes laptop/jkowalska shared-desk/anowak shared-desk/bwilk
grep -rqF sesame-3 "$HOMES/shared-desk/bwilk"

step "A profile's name on the command line"
rollout -e "mail_accounts_profiles='Poczta firmowa (Gdynia)'"
recap laptop 0
rollout -e '{"mail_accounts_profiles": ["Poczta firmowa (Gdynia)"]}'
recap shared-desk 0
fails rollout -e 'mail_accounts_profiles=Poczta firmowa (Gdynia)'
shows 'the variable _raw_params: .*quote it, or use -e with JSON'
fails rollout -e "mail_accounts_profiles='Poczta firmowa (Gdansk)'"
shows "has no profile 'Poczta firmowa \(Gdansk\)' \(did you mean 'Poczta firmowa \(Gdynia\)'\?\)"
homes laptop/jkowalska shared-desk/anowak shared-desk/bwilk

step 'Nothing to do'
rollout -e mail_accounts_hosts=laptop,shared-desk
recap laptop 0
recap shared-desk 0
fails grep '^mail_account: \[' "$log"

step 'A misspelled variable'
rollout -e mail_account_store=x
shows "no variable 'mail_account_store' \(did you mean 'mail_accounts_store'\?\)"

step 'A template beside the inventory, which the playbook of a collection cannot see by itself'
rollout --diff -e '{"mail_accounts_templates": [{"src": "note.j2", "dest": ".note"}]}'
recap laptop 1
no_password
[[ $(<"$HOMES/laptop/jkowalska/.note") == 'Joanna Kowalska sesame-1' ]]
fails rollout -e '{"mail_accounts_templates": [{"src": "none.j2", "dest": ".note"}]}'
shows "none.j2 cannot be read: it is not in .*$PWD/templates"
rollout
recap laptop 1
[[ ! -e $HOMES/laptop/jkowalska/.note ]]

step 'A report of each host, in check mode too'
for mode in --check --diff; do
  rm -f "$OUTPUT_DIR"/report-*.json
  rollout $mode -e "mail_accounts_report_path=$OUTPUT_DIR/report-{{ inventory_hostname }}.json"
  python -c 'import json, sys; assert json.load(open(sys.argv[1]))["users"] == [{"user": "jkowalska", "clients": {"neomutt": "unchanged", "msmtp": "unchanged"}}]' \
    "$OUTPUT_DIR/report-laptop.json"
done
fails rollout -e mail_accounts_report_path=/nowhere/report.json
shows 'report_path: there is no directory /nowhere on the controller'

step 'A mistake on one host: no host is written to'
fails rollout -i mistake.yml
shows "user 'anowak'.*UserEmail.*give the user email"
no_password
homes laptop/jkowalska shared-desk/anowak shared-desk/bwilk

step 'Blank answers of a survey mean "not given"'
blanks=()
for name in client_options group hosts instance link_secret link_secret_file missing_users mode owner profile_definitions purge_users report_path serial \
  state store store_key store_key_file templates; do
  blanks+=(-e "mail_accounts_$name=")
done
rollout "${blanks[@]}"
recap laptop 0
recap shared-desk 0

step 'A blank removes no account'
declare -A missing=([profiles]='jkowalska would get no profile' [clients]='jkowalska would get no files' [users]='is required')
for name in profiles clients users; do
  for value in '""' '" "' null '[]'; do
    [[ $name$value != 'users[]' ]] || continue
    fails rollout -e "{\"mail_accounts_$name\": $value}"
    shows "$name: ${missing[$name]}"
    homes laptop/jkowalska shared-desk/anowak shared-desk/bwilk
  done
done
rollout -e '{"mail_accounts_users": []}' -e mail_accounts_purge_users=true
recap laptop 0
recap shared-desk 0
shows 'users is empty, so nothing was changed'
[[ $EUID != 0 ]] || shows 'these users still have accounts here: .*jkowalska'
homes laptop/jkowalska shared-desk/anowak shared-desk/bwilk

step 'A wrong type'
fails rollout -e '{"mail_accounts_users": ["jkowalska sesame-1"]}'
shows 'mail_accounts_users, entry 1: must be a dictionary'
no_password
fails rollout -e '{"mail_accounts_clients": {"neomutt": true}}'
shows 'clients: must be a list of texts'
no_password
fails rollout -e mail_accounts_state=gone
shows 'state: must be one of present, absent'

step 'Another store'
store=$MAILOPS_STORE
MAILOPS_STORE=/nonexistent/profiles.db rollout -e "mail_accounts_store=$store"
recap shared-desk 0
fails rollout -e mail_accounts_store=/nonexistent/profiles.db
shows /nonexistent/profiles.db

step 'Removal, by names alone, without a store'
MAILOPS_STORE=/nonexistent/profiles.db rollout -e mail_accounts_state=absent --diff
recap laptop 1
recap shared-desk 1
[[ -z $(find "$HOMES" -type f) ]]
rollout -e mail_accounts_state=absent
recap laptop 0

step 'Many users go in batches, which show themselves'
python - >"$OUTPUT_DIR/many.json" <<'PYTHON'
import json
users = [{"name": f"u{number}", "email": f"u{number}@example.org", "display_name": "U", "password": "sesame-4"} for number in range(2501)]
print(json.dumps({"mail_accounts_users": users, "mail_accounts_clients": ["msmtp"]}))
PYTHON
# In an instance of its own, because a purge concerns all whom the instance serves on this machine.
rollout --limit laptop --diff -e mail_accounts_instance=many -e "@$OUTPUT_DIR/many.json"
recap laptop 1
shows '^mail_account: \[laptop\] 2500 of 2501 users in [0-9]+ s, about [0-9]+ s to go$'
no_password
[[ $(find "$HOMES/laptop" -name .msmtprc | wc -l) == 2501 ]]
shows 'more files differ; their diffs are left out'
# Only root keeps a list of whom it served.
if [[ $EUID == 0 ]]; then
  rollout --limit laptop -e mail_accounts_instance=many -e mail_accounts_purge_users=true
else
  rollout --limit laptop -e mail_accounts_instance=many -e "@$OUTPUT_DIR/many.json" -e mail_accounts_state=absent
fi
recap laptop 1
rollout -e mail_accounts_instance=many -e mail_accounts_state=absent
[[ -z $(find "$HOMES" -type f) ]]
