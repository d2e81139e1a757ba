//! PURE: what the pages of those who run the service say, in French and in English.

use crate::metrics::{ClientKind, Label, SubmissionOutcome};
use crate::sentences::Language;

macro_rules! words {
    ($($name:ident: $french:literal, $english:literal;)+) => {
        /// Everything that is said.
        #[derive(Debug)]
        pub(super) struct Words { $(pub(super) $name: &'static str,)+ }

        const FRENCH: Words = Words { $($name: $french,)+ };
        const ENGLISH: Words = Words { $($name: $english,)+ };
    };
}

impl Words {
    /// In this language.
    pub(super) const fn of(language: Language) -> &'static Self {
        match language {
            Language::Fr => &FRENCH,
            Language::En => &ENGLISH,
        }
    }

    /// What became of submissions.
    pub(super) fn outcome(&self, outcome: SubmissionOutcome) -> String {
        let word = match outcome {
            SubmissionOutcome::Delivered => self.delivered,
            SubmissionOutcome::Waiting => self.accepted_waiting,
            SubmissionOutcome::Refused => self.refused_submissions,
            SubmissionOutcome::Failed => self.failed_submissions,
        };
        word.to_owned()
    }

    /// What a kind of client is called.
    pub(super) fn client_kind(&self, kind: ClientKind) -> String {
        match kind {
            ClientKind::Other => self.other_client.to_owned(),
            ClientKind::Unknown => self.unknown_client.to_owned(),
            kind => kind.word().to_owned(),
        }
    }

    /// What a profile is called.
    pub(super) fn profile(&self, column: &str) -> &'static str {
        match column {
            "Student" => self.student,
            "Relative" => self.relative,
            "Teacher" => self.teacher,
            "Personnel" => self.personnel,
            _ => self.guest,
        }
    }
}

words! {
    site: "Passerelle · exploitation", "Passerelle · operations";
    people: "Personnes", "People";
    explain: "Qui écrit à qui", "Who writes to whom";
    switch: "Interrupteur", "Switch";
    trail: "Journal", "Trail";
    status: "État du service", "Service status";
    sign_in: "Se connecter", "Sign in";
    sign_out: "Se déconnecter", "Sign out";
    sign_in_intro: "Cette page est réservée aux personnes qui exploitent le service. Ce que vous y faites est inscrit au journal, sous votre nom.", "This page is for those who run the service. What you do here is written into the trail, under your name.";
    name: "Nom", "Name";
    password: "Mot de passe", "Password";
    code: "Code de l'application d'authentification", "Code of the authenticator app";
    code_hint: "Six chiffres. Chaque code ne sert qu'une fois.", "Six digits. Each code counts once.";
    sign_in_wrong: "Nom, mot de passe ou code incorrect. Un code ne sert qu'une fois : attendez le suivant.", "Wrong name, password or code. A code counts once: wait for the next one.";
    sign_in_too_many: "Trop d'essais pour ce nom. Réessayez plus tard.", "Too many tries for this name. Try again later.";
    certificate_names_nobody: "Votre certificat ne porte pas de nom utilisable (CN).", "Your certificate has no usable name (CN).";
    certificate_needed: "Un certificat client est nécessaire.", "A client certificate is needed.";
    nothing_here: "Il n'y a rien à cette adresse.", "There is nothing at this address.";
    stale: "Cette page est trop ancienne, ou n'est pas la nôtre. Rien n'a été fait.", "This page is too old, or not ours. Nothing was done.";
    failed: "Le service n'a pas pu le faire. Réessayez plus tard ; le journal technique en dit plus.", "The service could not do it. Try again later; its log says more.";
    refused: "Rien n'a été fait", "Nothing was done";
    done: "C'est fait.", "Done.";
    back: "Retour", "Back";
    find: "Chercher", "Find";
    find_label: "Nom ou identifiant", "Name or login";
    find_hint: "Deux lettres au moins ; accents et majuscules ne comptent pas.", "Two letters at least; accents and case do not count.";
    profile: "Profil", "Profile";
    all_profiles: "tous", "all";
    student: "Élève", "Student";
    relative: "Responsable", "Relative";
    teacher: "Enseignant", "Teacher";
    personnel: "Personnel", "Personnel";
    guest: "Invité", "Guest";
    nobody_found: "Personne ne correspond.", "Nobody matches.";
    more_found: "Seules les 100 premières personnes sont montrées : précisez.", "Only the first 100 people are shown: be more precise.";
    found: "Personnes trouvées", "People found";
    login: "Identifiant", "Login";
    state: "État", "State";
    suspended: "suspendu", "suspended";
    active: "actif", "active";
    schools: "Établissements", "Schools";
    groups: "Groupes", "Groups";
    addresses: "Adresses", "Addresses";
    sessions: "Sessions ouvertes (sur cette passerelle)", "Open sessions (on this gateway)";
    quota: "Place occupée", "Room taken";
    account: "Compte", "Account";
    external_id: "Identifiant externe", "External id";
    of: "sur", "of";
    messages: "messages", "messages";
    devices: "Appareils", "Devices";
    no_devices: "Aucun mot de passe d'application.", "No app password.";
    device: "Appareil", "Device";
    last_used: "Dernier usage", "Last use";
    never: "jamais", "never";
    client: "Logiciel", "Client";
    created: "Créé", "Created";
    revoked: "révoqué", "revoked";
    revoke: "Révoquer", "Revoke";
    reason: "Motif", "Reason";
    reason_hint: "Pour celles et ceux qui liront le journal.", "For those who will read the trail.";
    reason_needed: "Un motif est nécessaire.", "A reason is needed.";
    suspend_person: "Suspendre ce compte", "Suspend this account";
    suspend_person_hint: "Ses sessions sont coupées aussitôt ; plus de connexion, d'envoi ni de réception.", "Their sessions are cut at once; no login, no sending, no receiving.";
    resume_person: "Rétablir ce compte", "Let this account come back";
    limits: "Limites d'envoi", "Limits on sending";
    limit: "Limite", "Limit";
    used: "Utilisé", "Used";
    max: "Maximum", "Maximum";
    until: "Recompté à partir de", "Counted anew from";
    messages_per_hour: "messages par heure", "messages per hour";
    messages_per_day: "messages par jour", "messages per day";
    people_per_message: "personnes par message", "people per message";
    people_per_day: "personnes par jour", "people per day";
    first_time_per_day: "premiers contacts par jour", "first contacts per day";
    sent: "Messages envoyés", "Messages sent";
    sent_hint: "Sans objet ni texte. Un rappel remplace chaque exemplaire par un avis.", "Without subject or text. A recall puts a notice in the place of every copy.";
    nothing_sent: "Aucun message connu.", "No message is known.";
    number: "Numéro", "Number";
    sent_at: "Envoyé", "Sent";
    reached: "Destinataires", "People";
    waiting: "en attente", "waiting";
    recall: "Rappeler", "Recall";
    recalled: "rappelé", "recalled";
    recall_by_id: "Rappeler par Message-ID ou numéro", "Recall by Message-ID or number";
    recall_would: "Seraient remplacés :", "Would be replaced:";
    copies: "exemplaires", "copies";
    read_already: "déjà lus", "already read";
    confirm: "Confirmer", "Confirm";
    cancel: "Annuler", "Cancel";
    type_to_confirm: "Pour confirmer, saisissez exactement :", "To confirm, type exactly:";
    typed_otherwise: "Ce qui a été saisi est différent. Rien n'a été fait.", "What was typed is different. Nothing was done.";
    everybody: "TOUT LE MONDE", "EVERYBODY";
    explain_intro: "Une personne peut-elle écrire à une adresse, et pourquoi ?", "May a person write to an address, and why?";
    from: "De (identifiant)", "From (login)";
    to: "À (adresse ou ce qui précède @)", "To (address, or what stands before the @)";
    ask: "Demander", "Ask";
    may_write: "peut écrire à", "may write to";
    may_not_write: "ne peut pas écrire à", "may not write to";
    because: "Pourquoi", "Why";
    reaches: "L'expéditeur atteint", "The sender reaches";
    reached_by: "Le destinataire est atteint par", "The recipient is reached by";
    off_now: "Suspendu actuellement", "Suspended now";
    nothing_off: "Rien n'est suspendu.", "Nothing is suspended.";
    scope: "Pour qui", "For whom";
    what: "Quoi", "What";
    since: "Depuis", "Since";
    sending: "l'envoi", "sending";
    reading: "la lecture", "reading";
    turn_off: "Suspendre", "Suspend";
    turn_off_hint: "Agit aussitôt, sur toutes les passerelles, et coupe les sessions. Sans profil ni établissement : tout le monde.", "Acts at once, on all gateways, and cuts sessions. Without profile and school: everybody.";
    school: "Établissement (UAI)", "School (UAI)";
    one_school: "Établissement", "School";
    turn_on: "Rétablir", "Resume";
    nothing_chosen: "Choisissez l'envoi, la lecture ou les deux.", "Choose sending, reading or both.";
    asked_twice: "Cela touche beaucoup de monde. Relisez, puis saisissez le mot demandé.", "This concerns many people. Read it again, then type the word.";
    trail_intro: "Qui a envoyé à combien de personnes, ce que les exploitants ont fait, qui a été refusé. Jamais un objet, jamais l'adresse d'un lecteur.", "Who sent to how many, what operators did, who was refused. Never a subject, never a reader's address.";
    person: "Personne (identifiant)", "Person (login)";
    kind: "Nature", "Kind";
    all_kinds: "toutes", "all";
    date_from: "Du", "From";
    date_to: "Au", "To";
    show: "Montrer", "Show";
    lines: "Lignes du journal", "Lines of the trail";
    no_lines: "Aucune ligne.", "No lines.";
    older: "Plus anciennes", "Older";
    newest: "Les plus récentes", "The newest";
    when: "Quand", "When";
    who: "Qui", "Who";
    detail: "Détail", "Detail";
    check: "Vérifier la chaîne", "Check the chain";
    check_hint: "Relit tout le journal : quelques secondes par million de lignes.", "Reads the whole trail: some seconds for a million lines.";
    whole: "Le journal est entier.", "The trail is whole.";
    not_whole: "Le journal a des défauts :", "The trail has faults:";
    chain_end: "Fin de la chaîne :", "End of the chain:";
    last_hour: "Dernière heure", "Last hour";
    last_day: "Dernier jour", "Last day";
    last_week: "Dernière semaine", "Last week";
    over: "Période", "Period";
    renews: "La page se renouvelle chaque minute.", "The page renews itself each minute.";
    stop_renewing: "Arrêter", "Stop";
    renew: "Renouveler chaque minute", "Renew each minute";
    store: "Base de données", "Store";
    answers: "répond", "answers";
    answers_not: "ne répond pas", "does not answer";
    placements: "Messages dans les boîtes", "Messages in mailboxes";
    quiet_letters: "Lettres en heures calmes", "Letters in quiet hours";
    trail_waiting: "Journal : à chaîner", "Trail: to be chained";
    certificate_days: "Certificat : jours restants", "Certificate: days left";
    disk_free: "Disque libre", "Disk free";
    plot_clients: "Sessions par logiciel", "Sessions by client";
    plot_submissions: "Envois", "Submissions";
    plot_refusals: "Refus par motif", "Refusals by reason";
    plot_delivery: "Durée de remise", "Delivery time";
    plot_push: "Durée d'annonce", "Push time";
    plot_store: "Taille de la base", "Size of the store";
    sessions_unit: "sessions ouvertes", "open sessions";
    seconds: "secondes", "seconds";
    per_10_seconds: "par 10 secondes", "per 10 seconds";
    per_5_minutes: "par 5 minutes", "per 5 minutes";
    per_30_minutes: "par 30 minutes", "per 30 minutes";
    half: "la moitié en moins de", "half within";
    most: "95 % en moins de", "95 % within";
    others: "autres", "others";
    store_size: "base", "store";
    delivered: "remis", "delivered";
    accepted_waiting: "acceptés, en attente", "accepted, waiting";
    refused_submissions: "refusés", "refused";
    failed_submissions: "échoués", "failed";
    other_client: "autre", "other";
    unknown_client: "inconnu", "unknown";
    values: "Valeurs", "Values";
    nothing_yet: "Rien pour l'instant.", "Nothing so far.";
    bad_date: "Cette date ne se lit pas.", "This date cannot be read.";
}
