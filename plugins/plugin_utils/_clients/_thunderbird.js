// Creates the accounts in ~/.config/mailops/thunderbird/KEY.json, at every start of Thunderbird. Each instance of mailops.profiles
// writes this text into the same file, so it may run more than once.
var mailopsProfiles = mailopsProfiles || (() => {
  // The key of an account, its server, its identity and its outgoing server begins so if it is ours.
  const PREFIX = "mailops-";
  const MAX_BYTES = 1 << 20;
  const MAX_MILLISECONDS = 10_000;
  const isText = value => typeof value == "string";
  const isFlag = value => typeof value == "boolean";
  const isNumber = value => value === (value | 0);
  const oneOf = (...values) => value => values.includes(value);
  // A file may set only these preferences, and only to such values.
  const PREFERENCES = {
    server: {
      type: oneOf("imap", "pop3"), hostname: isText, port: isNumber, userName: isText, name: isText,
      socketType: oneOf(0, 2, 3), authMethod: isNumber, check_new_mail: isFlag, check_time: isNumber,
      leave_on_server: isFlag, delete_by_age_from_server: isFlag, num_days_to_leave_on_server: isNumber,
      trash_folder_name: isText, moveTargetMode: oneOf(1), spamActionTargetFolder: isText,
    },
    identity: {
      fullName: isText, useremail: isText, reply_to: isText, htmlSigText: isText, htmlSigFormat: isFlag, attach_signature: isFlag,
      fcc_folder: isText, fcc_folder_picker_mode: oneOf("1"), draft_folder: isText, drafts_folder_picker_mode: oneOf("1"),
      archive_folder: isText, archives_folder_picker_mode: oneOf("1"),
    },
    smtpserver: {
      type: oneOf("smtp"), hostname: isText, port: isNumber, username: isText, try_ssl: oneOf(0, 2, 3), authMethod: isNumber,
      description: isText,
    },
  };

  const { prefs } = Services;
  const log = (what, error) => Services.console.logStringMessage(`mailops.profiles: ${what}: ${error}`);
  const attempt = (what, action) => {
    try {
      return action();
    } catch (error) {
      log(what, error);
      return undefined;
    }
  };
  const once = (topic, action) => {
    const observer = () => {
      Services.obs.removeObserver(observer, topic);
      attempt(topic, action);
    };
    Services.obs.addObserver(observer, topic);
  };
  const list = name => prefs.getStringPref(name, "").split(",").map(key => key.trim()).filter(Boolean);
  const setList = (name, values) => {
    if (values.length) {
      prefs.setStringPref(name, values.join(","));
    } else {
      prefs.clearUserPref(name);
    }
  };

  function readText(file) {
    // A pipe or a device would block the start for ever.
    if (!file.isFile() || file.fileSize > MAX_BYTES) {
      throw new Error("not a file, or too large");
    }
    return Cu.readUTF8File(file);
  }

  // The accounts of all files; undefined for a file that cannot be read.
  function readAccounts() {
    const directory = Services.dirsvc.get("Home", Ci.nsIFile);
    for (const name of [".config", "mailops", "thunderbird"]) {
      directory.append(name);
    }
    const files = attempt(directory.path, () => (directory.exists() ? [...directory.directoryEntries] : []));
    if (!files) {
      return [undefined];
    }
    return files
      .filter(file => /^[a-z0-9-]{1,64}\.json$/.test(file.leafName))
      .sort((one, other) => (one.leafName < other.leafName ? -1 : 1))
      .map(file => attempt(file.path, () => readAccount(file)));
  }

  function readAccount(file) {
    if (file.isSymlink() || file.permissions & 0o022) {
      throw new Error("a link, or others can write to it");
    }
    const account = JSON.parse(readText(file));
    for (const [part, known] of Object.entries(PREFERENCES)) {
      if (typeof account[part] != "object") {
        throw new Error(`${part} is missing`);
      }
      for (const [name, value] of Object.entries(account[part])) {
        if (!Object.hasOwn(known, name) || !known[name](value)) {
          throw new Error(`${part}.${name} is not a setting that can be made here`);
        }
      }
    }
    for (const [part, names] of Object.entries({ server: ["type", "hostname", "userName"], smtpserver: ["hostname"] })) {
      for (const name of names) {
        if (!account[part][name]) {
          throw new Error(`${part}.${name} is missing`);
        }
      }
    }
    return { ...account, key: PREFIX + file.leafName.slice(0, -".json".length), time: file.lastModifiedTime };
  }

  // Two accounts for one mailbox have the same folder addresses, and Thunderbird confuses them.
  function withoutDuplicates(accounts) {
    const mailbox = server => `${server.type} ${server.userName} ${server.hostname.toLowerCase()}`;
    const taken = new Set();
    for (const key of list("mail.accountmanager.accounts").filter(key => !key.startsWith(PREFIX))) {
      const branch = prefs.getBranch(`mail.server.${prefs.getStringPref(`mail.account.${key}.server`, "")}.`);
      const [type, userName, hostname] = ["type", "userName", "hostname"].map(name => branch.getStringPref(name, ""));
      taken.add(mailbox({ type, userName, hostname }));
    }
    return accounts.filter(account => {
      const name = mailbox(account.server);
      if (taken.has(name)) {
        log(account.key, `there is already an account for ${name}`);
        return false;
      }
      return taken.add(name);
    });
  }

  // On the default branch, which Thunderbird does not save: an account disappears with its file. The user's own values of these
  // preferences are cleared; other preferences stay.
  function enforce(branch, values) {
    const defaults = prefs.getDefaultBranch(branch);
    for (const [name, value] of Object.entries(values)) {
      prefs.clearUserPref(branch + name);
      if (isText(value)) {
        defaults.setStringPref(name, value);
      } else if (isFlag(value)) {
        defaults.setBoolPref(name, value);
      } else {
        defaults.setIntPref(name, value);
      }
    }
  }

  function setUp({ key, server, identity, smtpserver }) {
    const isNew = !prefs.getBranch(`mail.server.${key}.`).getChildList("").length;
    // Always the same directory: the mail is still there when the server changes, or when the account comes back.
    const place = `[ProfD]${server.type == "imap" ? "ImapMail" : "Mail"}/${key}`;
    enforce(`mail.server.${key}.`, { ...server, "directory-rel": place });
    enforce(`mail.identity.${key}.`, { ...identity, smtpServer: key });
    enforce(`mail.smtpserver.${key}.`, smtpserver);
    enforce(`mail.account.${key}.`, { server: key });
    const identities = `mail.account.${key}.identities`;
    prefs.getDefaultBranch("").setStringPref(identities, key);
    if (!list(identities).includes(key)) {
      setList(identities, [key, ...list(identities)]);
    }
    if (isNew) {
      // As Thunderbird's own assistant does. The user may change these.
      prefs.setBoolPref(`mail.server.${key}.login_at_startup`, true);
      if (!("check_new_mail" in server)) {
        prefs.setBoolPref(`mail.server.${key}.check_new_mail`, true);
      }
    }
  }

  // Updates our keys in a list of keys. The user's own keys keep their order.
  function merge(name, keys) {
    const before = list(name);
    const kept = before.filter(key => !key.startsWith(PREFIX) || keys.includes(key));
    const after = [...kept, ...keys.filter(key => !kept.includes(key))];
    if (after.join() != before.join()) {
      setList(name, after);
    }
  }

  // Removes what the user or Thunderbird has set for removed accounts, and the user's own settings that point to them.
  function clean(keys) {
    const gone = new Set();
    for (const part of ["account", "server", "identity", "smtpserver"]) {
      for (const name of prefs.getBranch(`mail.${part}.${PREFIX}`).getChildList("")) {
        const key = PREFIX + name.split(".")[0];
        if (!keys.includes(key)) {
          gone.add(key);
          prefs.deleteBranch(`mail.${part}.${key}.`);
        }
      }
    }
    const identities = prefs.getBranch("mail.identity.").getChildList("").filter(name => name.endsWith(".smtpServer"));
    const pointers = [
      "mail.accountmanager.defaultaccount", "mail.smtp.defaultserver", ...identities.map(name => `mail.identity.${name}`),
    ];
    for (const name of pointers.filter(pointer => gone.has(prefs.getStringPref(pointer, "")))) {
      prefs.clearUserPref(name);
    }
  }

  // Sets the default account only when it differs from the last one set here, so that the user may choose another one.
  function chooseDefault(accounts) {
    const chosen = accounts.find(account => account.default === true)?.key ?? "";
    if (chosen != prefs.getStringPref("mailops.profiles.default", "")) {
      setList("mailops.profiles.default", [chosen].filter(Boolean));
      if (chosen) {
        prefs.setStringPref("mail.accountmanager.defaultaccount", chosen);
      }
    }
  }

  // Thunderbird has one switch for all accounts. The user may turn it on again.
  function silence(accounts) {
    if (accounts.length && accounts.every(account => account.notifications === false)) {
      for (const name of ["show_alert", "play_sound"]) {
        prefs.getDefaultBranch("mail.biff.").setBoolPref(name, false);
      }
    }
  }

  function readCertificates(path) {
    const file = Cc["@mozilla.org/file/local;1"].createInstance(Ci.nsIFile);
    file.initWithPath(path);
    const found = readText(file).matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g);
    return [...found].map(([, base64]) => base64.replace(/\s/g, ""));
  }

  // For all of Thunderbird: an account cannot have its own authorities. Authorities that are trusted already stay as they are.
  function trust(paths, complete) {
    const name = "mailops.profiles.certificates";
    const before = list(name);
    if (!paths.length && !before.length) {
      return;
    }
    const database = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB);
    const ours = new Set();
    for (const base64 of new Set(paths.flatMap(path => attempt(path, () => readCertificates(path)) ?? []))) {
      attempt("certificate", () => {
        const certificate = database.constructX509FromBase64(base64);
        const isKnown =
          certificate.isBuiltInRoot ||
          database.isCertTrusted(certificate, Ci.nsIX509Cert.CA_CERT, Ci.nsIX509CertDB.TRUSTED_SSL);
        if (!isKnown) {
          database.addCertFromBase64(base64, "C,,");
        }
        if (!isKnown || before.includes(certificate.sha256Fingerprint)) {
          ours.add(certificate.sha256Fingerprint);
        }
      });
    }
    const gone = complete ? before.filter(fingerprint => !ours.has(fingerprint)) : [];
    for (const certificate of gone.length ? database.getCerts() : []) {
      if (gone.includes(certificate.sha256Fingerprint)) {
        database.deleteCertificate(certificate);
      }
    }
    setList(name, complete ? [...ours] : [...new Set([...before, ...ours])]);
  }

  // Two accounts that share a server and a user name share the password.
  function wantedLogins(accounts) {
    const wanted = new Map();
    for (const { server, smtpserver, passwords, time } of accounts) {
      const host = smtpserver.hostname.includes(":") ? `[${smtpserver.hostname}]` : smtpserver.hostname;
      const logins = [
        [`${server.type == "pop3" ? "mailbox" : "imap"}://${server.hostname}`, server.userName, passwords?.incoming],
        [`smtp://${host}`, smtpserver.username, passwords?.outgoing],
      ];
      for (const [origin, username, password] of logins) {
        const mailbox = `${origin} ${username}`;
        if (isText(username) && isText(password) && password && !wanted.has(mailbox)) {
          wanted.set(mailbox, { origin, username, password, time });
        }
      }
    }
    return wanted;
  }

  async function storePasswords(accounts, complete) {
    const { logins } = Services;
    const wanted = wantedLogins(accounts);
    for (const login of await logins.getAllLogins()) {
      const isOurs = login.QueryInterface(Ci.nsILoginMetaInfo).guid.startsWith(PREFIX);
      const mailbox = `${login.origin} ${login.username}`;
      const wish = login.httpRealm === login.origin ? wanted.get(mailbox) : undefined;
      if (wish && (wish.password == login.password || wish.time < login.timePasswordChanged)) {
        // Up to date, or changed by the user after the file was written.
        wanted.delete(mailbox);
      } else if (wish || (isOurs && complete)) {
        // Thunderbird 140 has removeLogin only.
        await (logins.removeLoginAsync ? logins.removeLoginAsync(login) : logins.removeLogin(login));
      }
    }
    for (const { origin, username, password } of wanted.values()) {
      const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
      login.init(origin, null, origin, username, password, "", "");
      login.QueryInterface(Ci.nsILoginMetaInfo).guid = PREFIX + Services.uuid.generateUUID().toString().slice(1, -1);
      await logins.addLoginAsync(login);
    }
  }

  // Only after a change, because Thunderbird asks for the primary password, if there is one. The window must wait: when it opens,
  // Thunderbird checks for new mail, but only in accounts that have a password.
  function takePasswords(accounts, complete) {
    const name = "mailops.profiles.passwords";
    const state = accounts.map(account => `${account.key}:${account.time}`);
    if (complete && state.join() == list(name).join()) {
      return;
    }
    let isDone = false;
    const timer = Cc["@mozilla.org/timer;1"].createInstance(Ci.nsITimer);
    timer.initWithCallback(() => (isDone = true), MAX_MILLISECONDS, Ci.nsITimer.TYPE_ONE_SHOT);
    storePasswords(accounts, complete)
      .then(() => complete && setList(name, state))
      .catch(error => log("passwords", error))
      .finally(() => (isDone = true));
    Services.tm.spinEventLoopUntilOrQuit("mailops.profiles", () => isDone);
    timer.cancel();
  }

  // Thunderbird takes a folder with the server's mark \Trash for the trash, looks for no other one, and then drops it because of our
  // preference: no folder is the trash, and nothing can be deleted. After a change of our preference it may keep the earlier folder. So
  // the account's folder of this address is made the trash here. If there is none, the trash stays what it was.
  function keepTrash(accounts) {
    const wanted = new Map(accounts.filter(({ trash }) => isText(trash)).map(account => [account.key, account]));
    if (!wanted.size) {
      return;
    }
    const flag = Ci.nsMsgFolderFlags.Trash;
    const manager = Cc["@mozilla.org/messenger/account-manager;1"].getService(Ci.nsIMsgAccountManager);
    const session = Cc["@mozilla.org/messenger/services/session;1"].getService(Ci.nsIMsgMailSession);
    const settle = (key, dropped) => {
      const { trash: uri, server } = wanted.get(key);
      const chosen = prefs.getStringPref(`mail.server.${key}.trash_folder_name`, "");
      if (chosen && chosen != server.trash_folder_name) {
        return; // By the user, since the start.
      }
      const { rootFolder } = manager.getIncomingServer(key);
      const before = rootFolder.getFoldersWithFlags(flag);
      const trash = rootFolder.descendants.find(folder => folder.URI == uri) ?? before[0] ?? dropped;
      before.filter(folder => folder != trash).forEach(folder => folder.clearFlag(flag));
      trash?.setFlag(flag);
    };
    const onFolderIntPropertyChanged = (folder, property, before, after) => {
      if (property == "FolderFlag" && before & flag && !(after & flag) && wanted.has(folder.server.key)) {
        // When all that Thunderbird drops is dropped.
        Services.tm.dispatchToMainThread(() => attempt("trash", () => settle(folder.server.key, folder)));
      }
    };
    for (const key of wanted.keys()) {
      attempt("trash", () => settle(key));
    }
    session.AddFolderListener({ onFolderIntPropertyChanged }, Ci.nsIFolderListener.intPropertyChanged);
  }

  function start() {
    const files = readAccounts();
    // While a file cannot be read, nothing is removed: its account may still exist.
    const complete = files.every(Boolean);
    const defaultFirst = (one, other) => (other.default === true) - (one.default === true);
    const accounts = withoutDuplicates(files.filter(Boolean).sort(defaultFirst));
    const keys = accounts.map(account => account.key);
    if (complete) {
      clean(keys);
    }
    for (const account of accounts) {
      attempt(account.key, () => setUp(account));
    }
    merge("mail.accountmanager.accounts", keys);
    merge("mail.smtpservers", keys);
    chooseDefault(accounts);
    silence(accounts);
    attempt("certificates", () => trust(accounts.map(account => account.ca_file).filter(isText), complete));
    once("final-ui-startup", () => {
      takePasswords(accounts, complete);
      attempt("trash", () => keepTrash(accounts));
    });
  }

  // Before this, Thunderbird has not read the user's preferences; after it, it has read the accounts.
  once("profile-after-change", start);
  return true;
})();
