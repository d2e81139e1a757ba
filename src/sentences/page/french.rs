//! PURE: the words of the person's page in French.

use super::Words;

pub(super) const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

pub(super) static WORDS: Words = Words {
    site: "Messagerie",
    sign_out: "Se déconnecter",
    home: "Accueil",
    devices: "Mes appareils",
    rights: "Mes droits",
    back: "Retour",

    sign_in: "Se connecter",
    sign_in_lead: "Vos nouveaux messages, et de quoi les lire sur votre téléphone ou votre ordinateur.",
    sign_in_by_ent: "Se connecter avec l'ENT",
    or: "ou",
    name: "Identifiant",
    name_hint: "Votre identifiant de l'ENT, ou votre adresse.",
    password: "Mot de passe",
    signed_out: "Vous êtes déconnecté",
    signed_out_lead: "Vos appareils, eux, restent connectés à la messagerie.",
    sign_out_of_ent: "Se déconnecter aussi de l'ENT",
    sign_in_again: "Se connecter à nouveau",

    latest: "Derniers messages reçus",
    nothing_new: "Votre boîte de réception est vide.",
    no_subject: "(sans objet)",
    no_sender: "(expéditeur inconnu)",
    unread_word: "Non lu",
    read_where: "Les messages se lisent dans l'ENT ou sur un appareil connecté.",
    your_address: "Votre adresse",
    copy: "Copier",
    copied: "Copié",

    connect: "Connecter mon appareil",
    connect_why: "Lisez et écrivez vos messages avec Thunderbird, votre téléphone ou un autre logiciel.",
    connect_lead: "Quel appareil voulez-vous connecter ?",
    your_devices: "Vos appareils",
    no_device: "Aucun appareil n'est connecté pour l'instant.",
    devices_lead: "Chaque appareil a son propre mot de passe. Révoquez celui d'un appareil perdu ou que vous ne reconnaissez pas : \
                   les autres continuent.",
    device_name: "Nom de l'appareil",
    device_name_hint: "Pour le reconnaître dans la liste, par exemple « Téléphone de Marie ».",
    bad_device_name: "Donnez un nom de 1 à 100 caractères.",
    make_password: "Créer le mot de passe",
    made_on: "Ajouté",
    last_use: "Dernière utilisation",
    never_used: "Jamais utilisé",
    revoke: "Révoquer",
    revoke_lead: "Cet appareil sera déconnecté aussitôt et ne pourra plus ni lire ni envoyer. Pour le reconnecter, il faudra un \
                  nouveau mot de passe. Vos messages restent.",
    keep: "Garder cet appareil",
    revoked: "L'appareil est révoqué : il est déconnecté.",
    not_revoked: "Cet appareil n'est plus dans la liste : il était déjà révoqué.",
    devices_not_allowed: "Votre établissement ne propose pas la connexion d'appareils à votre profil. Adressez-vous à lui.",
    made_before: "Le mot de passe de cet appareil a déjà été montré et ne peut plus l'être. Si vous ne l'avez pas noté, révoquez \
                  l'appareil et recommencez.",

    ready: "Votre appareil a son mot de passe",
    once: "Mot de passe de cet appareil",
    once_warning: "Il n'est montré qu'une fois : saisissez-le maintenant dans l'appareil. Ne le donnez à personne, et ne \
                   l'utilisez pas ailleurs.",
    settings: "Les réglages",
    steps: "Pas à pas",
    print: "Imprimer",
    receiving: "Réception",
    sending: "Envoi",
    server: "Serveur",
    port: "Port",
    authentication: "Authentification",
    normal_password: "Mot de passe normal",
    login: "Identifiant",
    password_of_device: "Celui de l'appareil",
    no_settings: "Aucun accès chiffré n'est ouvert aux logiciels de messagerie : adressez-vous à votre établissement.",
    profile: "Télécharger le profil",
    profile_lead: "Sur l'iPhone, l'iPad ou le Mac lui-même : le profil remplit tous les réglages, et demande le mot de passe \
                   ci-dessus.",
    qr: "Code à scanner",
    qr_lead: "Depuis un autre écran : visez ce code avec l'appareil photo de l'iPhone ou de l'iPad pour y ouvrir le profil. Il ne \
              contient pas de mot de passe.",
    done: "C'est fait",

    rights_title: "Ce que je peux faire, et pourquoi",
    rights_lead: "Les règles de votre établissement valent partout : dans l'ENT comme sur vos appareils.",
    now: "En ce moment",
    all_on: "Vous pouvez lire et envoyer des messages.",
    quiet: "Heures de repos",
    quiet_none: "Votre établissement n'a pas fixé d'heures de repos.",
    quiet_you: "Ce que l'on vous écrit pendant ces heures vous parvient quand elles se terminent.",
    quiet_not_you: "Elles ne retardent pas ce que l'on vous écrit.",
    quiet_others: "Vous pouvez écrire à toute heure ; reçoivent seulement à la fin de ces heures :",
    limits: "Envois",
    limit: "Limite",
    allowed: "Autorisé",
    left: "Reste",
    each_message: "à chaque message",
    whom: "À qui puis-je écrire ?",
    whom_text: &[
        "Aux personnes et aux groupes que les règles de communication de votre établissement vous ouvrent : ceux que proposent \
         l'ENT et le carnet d'adresses de vos appareils. À personne en dehors de l'ENT.",
        "Vous pouvez toujours répondre à qui vous a écrit, avec le bouton Répondre, sauf si les réponses sont désactivées.",
        "Quand un envoi est refusé, le message dit pour quel destinataire, et pourquoi. L'établissement seul peut changer ces \
         règles.",
    ],
    may: "Aussi",
    lists_yes: "Écrire aux listes de diffusion : oui, en copie cachée.",
    lists_no: "Écrire aux listes de diffusion : non, c'est réservé à d'autres profils.",
    recall_no: "Rappeler un message envoyé : non, c'est réservé à d'autres profils.",
    apps_warn: "Certaines applications (le nouvel Outlook, Outlook pour téléphone, Spark…) confient votre mot de passe et vos \
                messages à leur éditeur : elles fonctionnent, mais elles sont déconseillées.",
    apps_refuse: "Certaines applications (le nouvel Outlook, Outlook pour téléphone, Spark…) confient votre mot de passe et vos \
                  messages à leur éditeur : elles sont refusées.",
    space: "Espace",

    not_taken: "La connexion par l'ENT n'a pas abouti. Recommencez.",
    unknown_here: "L'ENT vous connaît, mais vous n'avez pas encore de messagerie ici. Adressez-vous à votre établissement.",
    stale_form: "Ce formulaire n'est plus valable : la page est restée ouverte trop longtemps, ou vous vous êtes reconnecté \
                 entre-temps. Rien n'a été fait. Recommencez.",
    too_many_requests: "Trop d'onglets ouverts sur cette page.",
    not_found: "Cette page n'existe pas.",
    expired: "Votre connexion a expiré : connectez-vous à nouveau.",
    problem: "Un problème",
    go_home: "Revenir à l'accueil",
};
