// What a person does in Thunderbird, as functions that `thunderbird.py` calls by name inside the program itself.
//
// Each ends when the thing is done, or throws after a minute and a half: on a busy machine Thunderbird takes its time. Mailboxes are named as Thunderbird shows them.

const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const { setTimeout } = ChromeUtils.importESModule("resource://gre/modules/Timer.sys.mjs");
const { NetUtil } = ChromeUtils.importESModule("resource://gre/modules/NetUtil.sys.mjs");

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

async function until(what, question, tries = 900) {
  for (let turn = 0; turn < tries; turn++) {
    const answer = await question();
    if (answer) return answer;
    await sleep(100);
  }
  throw new Error(`in vain: ${what}`);
}

const account = () => MailServices.accounts.accounts.find(each => each.incomingServer.type == "imap");
const root = () => account().incomingServer.rootFolder;
const names = () => root().descendants.map(folder => folder.name);

function mailbox(name) {
  const kept = { Drafts: "Drafts", Sent: "SentMail", Trash: "Trash", INBOX: "Inbox" }[name];
  const found = kept
    ? root().getFolderWithFlags(Ci.nsMsgFolderFlags[kept])
    : root().descendants.find(folder => folder.name == name);
  if (!found) throw new Error(`no mailbox ${name} among ${names()}`);
  return found;
}

// Asks the server what is new there, and waits for the answer; two seconds at most, because Thunderbird forgets who asked
// where it was at that mailbox already.
function update(folder) {
  const answer = new Promise((resolve, reject) => {
    folder.QueryInterface(Ci.nsIMsgImapMailFolder).updateFolderWithListener(null, {
      QueryInterface: ChromeUtils.generateQI(["nsIUrlListener"]),
      OnStartRunningUrl() {},
      OnStopRunningUrl: (url, status) => (status ? reject(new Error(`update: ${status.toString(16)}`)) : resolve()),
    });
  });
  return Promise.race([answer, sleep(2000)]);
}

const messages = folder => Array.from(folder.messages);
const named = (folder, subject) => messages(folder).filter(message => message.mime2DecodedSubject == subject);

function one(name, subject) {
  const found = named(mailbox(name), subject);
  if (found.length != 1) throw new Error(`${found.length} messages "${subject}" in ${name}`);
  return found[0];
}

// All that can be read from a stream that Thunderbird opens for a URL of its own.
function octets(url) {
  return new Promise((resolve, reject) => {
    NetUtil.asyncFetch({ uri: url, loadUsingSystemPrincipal: true }, (stream, status) => {
      if (!Components.isSuccessCode(status)) return reject(new Error(`${url}: ${status.toString(16)}`));
      resolve(NetUtil.readInputStreamToString(stream, stream.available()));
    });
  });
}

async function mimeMessage(message) {
  const { MsgHdrToMimeMessage } = ChromeUtils.importESModule("resource:///modules/gloda/MimeMessage.sys.mjs");
  return new Promise(resolve => MsgHdrToMimeMessage(message, null, (header, mime) => resolve(mime), true));
}

const windows = type => Array.from(Services.wm.getEnumerator(type));

// A window of its own to write in, ready to be sent.
async function composeWindow({ to, bcc = "", subject, body, file }) {
  const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
  Object.assign(fields, { to, bcc, subject, body });
  if (file) {
    const attachment = Cc["@mozilla.org/messengercompose/attachment;1"].createInstance(Ci.nsIMsgAttachment);
    attachment.url = PathUtils.toFileURI(file);
    fields.addAttachment(attachment);
  }
  const parameters = Cc["@mozilla.org/messengercompose/composeparams;1"].createInstance(Ci.nsIMsgComposeParams);
  Object.assign(parameters, { composeFields: fields, identity: account().defaultIdentity });
  const before = windows("msgcompose");
  MailServices.compose.OpenComposeWindowWithParams(null, parameters);
  return until("a window to write in", () => {
    const open = windows("msgcompose").find(each => !before.includes(each));
    const addresses = open?.document.querySelectorAll("mail-address-pill").length ?? 0;
    return addresses && open.gLoadingComplete && open.gMsgCompose?.editor?.document.body.textContent.trim() && open;
  });
}

// The text of the dialogue that is open, which is then closed.
async function dismiss() {
  const is = window => window.document.documentURI.endsWith("/commonDialog.xhtml");
  const ready = window => is(window) && window.document.getElementById("infoBody");
  const open = await until("a dialogue", () => windows(null).find(ready));
  const text = open.document.getElementById("infoBody").textContent;
  await until("its button", () => open.document.getElementById("commonDialog").getButton?.("accept"));
  open.document.getElementById("commonDialog").acceptDialog();
  await until("the dialogue goes", () => open.closed);
  return text;
}

// Presses "Send"; the window closes when all is done, the copy in Sent included.
async function deliver(open) {
  let fault;
  Promise.resolve(open.SendMessage()).catch(error => (fault = error));
  const asked = () => windows(null).map(each => each.document.getElementById("infoBody")?.textContent).filter(Boolean);
  await until("the message is sent", () => {
    if (fault || asked().length) throw new Error(`not sent: ${fault ?? asked()}`);
    return open.closed;
  });
}

const T = {
  // What the person confirms once for a certificate made on the spot, and the password that he types.
  async trust({ host, ports, certificate }) {
    const known = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB);
    const overrides = Cc["@mozilla.org/security/certoverride;1"].getService(Ci.nsICertOverrideService);
    for (const port of ports) {
      overrides.rememberValidityOverride(host, port, {}, known.constructX509FromBase64(certificate), false);
    }
  },

  async signIn({ host, user, password }) {
    for (const origin of [`imap://${host}`, `smtp://${host}`]) {
      const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
      login.init(origin, null, origin, user, password, "", "");
      await Services.logins.addLoginAsync(login);
    }
    account().incomingServer.password = password;
    account().incomingServer.performExpand(null);
    const special = ["Inbox", "Drafts", "SentMail", "Trash"].map(name => Ci.nsMsgFolderFlags[name]);
    await until("special mailboxes", () => special.every(flag => root().getFolderWithFlags(flag)));
    await update(mailbox("INBOX"));
    return names();
  },

  async send(letter) {
    await deliver(await composeWindow(letter));
  },

  // The same, where the server says no: what Thunderbird tells the person. The window stays open.
  async sendInVain(letter) {
    const open = await composeWindow(letter);
    open.SendMessage();
    return dismiss();
  },

  // Saved, changed, saved again: a new draft takes the place of the old one. Then sent: none is left.
  async draftTwiceThenSend(letter) {
    const open = await composeWindow(letter);
    const drafts = { name: "Drafts", subject: letter.subject };
    for (const text of ["une première version", "une seconde version"]) {
      open.gMsgCompose.editor.QueryInterface(Ci.nsIHTMLEditor).insertText(text);
      await open.SaveAsDraft();
      await until("the draft is saved", () => !open.gSaveOperationInProgress && !open.gWindowLocked);
      await T.holds(drafts);
    }
    await deliver(open);
    await T.holds({ ...drafts, count: 0 });
  },

  // Waits until a mailbox holds so many of a message.
  async holds({ name, subject, count = 1 }) {
    await until(`${count} of "${subject}" in ${name}`, async () => {
      await update(mailbox(name));
      return named(mailbox(name), subject).length == count;
    });
  },

  // The same without asking for it: IDLE must bring it.
  async hears({ name, subject, count = 1 }) {
    await until(`${count} of "${subject}" in ${name}`, () => named(mailbox(name), subject).length == count);
  },

  async read({ name, subject }) {
    return (await mimeMessage(one(name, subject))).coerceBodyToPlaintext(mailbox(name));
  },

  async recipients({ name, subject }) {
    const { recipients, bccList } = one(name, subject);
    return { recipients, bccList };
  },

  async flags({ name, subject }) {
    const { isRead, isFlagged } = one(name, subject);
    return { isRead, isFlagged };
  },

  async mark({ name, subject, read, starred }) {
    const message = one(name, subject);
    mailbox(name).markMessagesRead([message], read);
    mailbox(name).markMessagesFlagged([message], starred);
  },

  async isMarked({ name, subject, read, starred }) {
    await until(`"${subject}" is marked`, () => {
      const message = one(name, subject);
      return message.isRead == read && message.isFlagged == starred;
    });
  },

  async bin({ name, subject }) {
    mailbox(name).deleteMessages([one(name, subject)], null, false, true, null, false);
  },

  async move({ from, to, subject }) {
    MailServices.copy.copyMessages(mailbox(from), [one(from, subject)], mailbox(to), true, null, null, false);
  },

  async create({ name }) {
    root().createSubfolder(name, null);
    await until(`a mailbox ${name}`, () => names().includes(name));
  },

  async search({ name, subject }) {
    const session = Cc["@mozilla.org/messenger/searchSession;1"].createInstance(Ci.nsIMsgSearchSession);
    const term = session.createTerm();
    term.attrib = Ci.nsMsgSearchAttrib.Subject;
    term.op = Ci.nsMsgSearchOp.Contains;
    const value = term.value;
    value.attrib = term.attrib;
    value.str = subject;
    term.value = value;
    session.appendTerm(term);
    session.addScopeTerm(Ci.nsMsgSearchScope.onlineMail, mailbox(name));
    let hits = 0;
    await new Promise((resolve, reject) => {
      session.registerListener({
        QueryInterface: ChromeUtils.generateQI(["nsIMsgSearchNotify"]),
        onSearchHit: () => hits++,
        onSearchDone: status => (status ? reject(new Error(`search: ${status.toString(16)}`)) : resolve()),
        onNewSearch() {},
      });
      session.search(null);
    });
    return hits;
  },

  // The octets of the only attachment, as base64.
  async attachment({ name, subject }) {
    const { allUserAttachments } = await mimeMessage(one(name, subject));
    return { name: allUserAttachments[0].name, base64: btoa(await octets(allUserAttachments[0].url)) };
  },

  // Downloads a mailbox, goes offline, and reads one message: how many there are, how many are on this computer.
  async offline({ name, subject }) {
    account().incomingServer.performExpand(null);
    const folder = await until(`the mailbox ${name}`, () => names().includes(name) && mailbox(name));
    await update(folder);
    await new Promise(resolve => {
      folder.downloadAllForOffline({
        QueryInterface: ChromeUtils.generateQI(["nsIUrlListener"]),
        OnStartRunningUrl() {},
        OnStopRunningUrl: resolve,
      }, null);
    });
    const here = () => messages(folder).filter(each => each.flags & Ci.nsMsgMessageFlags.Offline).length;
    await until("all messages are on this computer", () => here() == messages(folder).length);
    Services.io.offline = true;
    const text = (await mimeMessage(one(name, subject))).coerceBodyToPlaintext(folder);
    Services.io.offline = false;
    return { all: messages(folder).length, here: here(), text };
  },

  // What the account assistant finds out about an address by itself.
  async autoconfig({ address }) {
    const { FetchConfig } = ChromeUtils.importESModule("resource:///modules/accountcreation/FetchConfig.sys.mjs");
    const never = new AbortController().signal;
    const { incoming, outgoing } = await FetchConfig.fromISP(address.split("@")[1], address, never);
    const shown = ({ type, hostname, port, socketType, auth, username }) =>
      ({ type, hostname, port, socketType, auth, username });
    return { incoming: shown(incoming), outgoing: shown(outgoing) };
  },

  // The account assistant, step by step: finds the servers, tries the password, makes the account.
  async setUp({ address, password, name }) {
    const load = file => ChromeUtils.importESModule(`resource:///modules/accountcreation/${file}.sys.mjs`);
    const { FindConfig } = load("FindConfig");
    const { AccountConfig } = load("AccountConfig");
    const { ConfigVerifier } = load("ConfigVerifier");
    const { CreateInBackend } = load("CreateInBackend");
    const looking = FindConfig.parallelAutoDiscovery(address.split("@")[1], address, new AbortController().signal, password);
    let { value: config } = await looking.next();
    if (config?.isRedirect) ({ value: config } = await looking.next(false));
    if (!config) throw new Error("no settings were found");
    AccountConfig.replaceVariables(config, name, address, password);
    config.rememberPassword = true;
    const window = Services.wm.getMostRecentWindow("mail:3pane");
    const verifier = new ConfigVerifier(window.msgWindow, new AbortController().signal);
    const verified = await verifier.verifyConfig(config, config.source != AccountConfig.kSourceXML);
    const made = await CreateInBackend.createAccountInBackend(verified);
    made.incomingServer.getNewMessages(made.incomingServer.rootFolder, window.msgWindow, null);
    const special = ["Inbox", "Drafts", "SentMail", "Trash"];
    const folder = name => root().getFolderWithFlags(Ci.nsMsgFolderFlags[name]);
    await until("mailboxes", () => special.every(folder));
    const { hostname, port } = made.incomingServer;
    const outgoing = MailServices.outgoingServer.defaultServer.serverURI;
    return {
      incoming: [hostname, port], outgoing: [outgoing.host, outgoing.port],
      mailboxes: special.map(name => folder(name).QueryInterface(Ci.nsIMsgImapMailFolder).onlineName),
    };
  },

  // Looks for address books where the assistant does, adds all of them, and waits for their cards.
  async addressBooks({ address, password, hosts }) {
    const { RemoteAddressBookUtils } =
      ChromeUtils.importESModule("resource:///modules/accountcreation/RemoteAddressBookUtils.sys.mjs");
    // What was trusted for mail is asked for once more: the person says yes.
    const asked = until("a question about the certificate", () => {
      const windows = Array.from(Services.wm.getEnumerator(null));
      const question = windows.find(each => each.location.href.endsWith("/exceptionDialog.xhtml"));
      const yes = question?.document.querySelector("dialog")?.getButton("extra1");
      if (yes && !yes.disabled) yes.click();
      return yes && !yes.disabled;
    });
    let found = [];
    for (const host of hosts) {
      found = await RemoteAddressBookUtils.getAddressBooksForAccount(address, password, `https://${host}`, true);
      if (found.length) break;
    }
    await asked;
    const books = found.map(book => ({ name: book.name, made: book.create() }));
    await until("cards", () => books.some(({ made }) => made.childCards.length));
    await sleep(3000);
    return books.map(({ name, made }) => ({
      name, readOnly: made.readOnly, cards: made.childCards.map(card => `${card.displayName} <${card.primaryEmail}>`),
    }));
  },

  // What is offered while somebody types a recipient.
  async complete({ typed }) {
    const search = Cc["@mozilla.org/autocomplete/search;1?name=addrbook"].getService(Ci.nsIAutoCompleteSearch);
    const result = await new Promise(resolve => search.startSearch(typed, JSON.stringify({ type: "addr_to" }), null, {
      onSearchResult: (_, answer) => answer.searchResult != answer.RESULT_NOMATCH_ONGOING
        && answer.searchResult != answer.RESULT_SUCCESS_ONGOING && resolve(answer),
    }));
    return Array.from({ length: result.matchCount }, (_, index) => result.getValueAt(index));
  },
};
