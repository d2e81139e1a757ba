//! PURE: the doctor's findings in French.

use super::{Part, Remark};

pub(super) const fn heading(part: Part) -> &'static str {
    match part {
        Part::Health => "Santé du serveur",
        Part::Certificate => "Certificat",
        Part::Ports => "Ports de messagerie",
        Part::Thunderbird => "Thunderbird",
        Part::Apple => "iPhone, iPad, Mac",
        Part::Outlook => "Outlook",
        Part::AddressBook => "Carnet d'adresses (CardDAV)",
        Part::Directory => "Annuaire (LDAP)",
        Part::Dns => "DNS",
        Part::Clock => "Horloge",
        Part::Disk => "Disque",
    }
}

type Words = (String, Option<&'static str>);

const TELL_OPEN: &str =
    "Vérifiez que le service tourne, que [listen] nomme ce port, et que le pare-feu le laisse passer.";
const RENEW: &str = "Renouvelez le certificat, puis : passerelle reload.";
const CLIENTS_DNS: &str = "Mettez dans la zone les lignes que « passerelle dns » imprime.";

#[expect(clippy::too_many_lines, reason = "a table: one entry for each remark")]
pub(super) fn told(remark: &Remark) -> Words {
    match remark {
        Remark::Healthy => ("le serveur se dit prêt".to_owned(), None),
        Remark::Unhealthy { status } => (
            format!("le serveur ne se dit pas prêt (HTTP {status})"),
            Some("La base ne répond peut-être pas : voyez le journal du service."),
        ),
        Remark::Unresolved { host } => {
            (format!("le nom {host} n'existe pas dans le DNS"), Some("Ajoutez un enregistrement A ou AAAA."))
        }
        Remark::Closed { place } => (format!("{place} : fermé"), Some(TELL_OPEN)),
        Remark::Silent { place } => (format!("{place} : pas de réponse à temps"), Some(TELL_OPEN)),
        Remark::NoTls { place, why } => (
            format!("{place} : la connexion chiffrée n'aboutit pas ({why})"),
            Some("Vérifiez que ce port est bien celui du chiffrement direct (TLS)."),
        ),
        Remark::Strange { place, said } => (
            format!("{place} : un autre service répond (« {said} »)"),
            Some("Un autre programme, ou un mandataire, tient ce port."),
        ),
        Remark::NoStartTls { place } => (
            format!("{place} : STARTTLS n'est pas proposé"),
            Some("Il faut un certificat : [tls] dans la configuration."),
        ),
        Remark::Open { place } => (format!("{place} : ouvert et chiffré"), None),
        Remark::LoggedIn { place } => (format!("{place} : connexion réussie avec l'adresse et le mot de passe"), None),
        Remark::NotTried { place } => (format!("{place} : ouvert et chiffré ; connexion non essayée"), None),
        Remark::NotTrusted { place } => (
            format!("{place} : mot de passe non envoyé, car le certificat n'est pas bon"),
            Some("Réparez d'abord le certificat (ci-dessus)."),
        ),
        Remark::LoginRefused { place, said } => (
            format!("{place} : connexion refusée (« {said} »)"),
            Some("Vérifiez l'adresse et le mot de passe ; « passerelle user show » dit si le compte est suspendu."),
        ),
        Remark::CertificateExpired { place, days } => {
            (format!("{place} : le certificat a expiré depuis {days} jour(s)"), Some(RENEW))
        }
        Remark::CertificateTooNew { place } => (
            format!("{place} : le certificat n'est pas encore valable"),
            Some("Vérifiez la date du certificat et l'horloge de cette machine."),
        ),
        Remark::CertificateName { place, host } => (
            format!("{place} : le certificat ne porte pas le nom {host}"),
            Some("Demandez un certificat pour tous les noms que les logiciels utilisent, puis : passerelle reload."),
        ),
        Remark::CertificateUnknown { place } => (
            format!("{place} : aucune autorité reconnue ne garantit le certificat, ou sa chaîne est incomplète"),
            Some("Mettez la chaîne entière dans tls.certificate ; pour une autorité privée : --ca-file."),
        ),
        Remark::CertificateBad { place, why } => (format!("{place} : certificat refusé ({why})"), Some(RENEW)),
        Remark::CertificateEnds { days } => (format!("le certificat expire dans {days} jour(s)"), Some(RENEW)),
        Remark::CertificateFine { days, host } => {
            (format!("valable pour {host}, encore {days} jour(s), le même sur tous les ports"), None)
        }
        Remark::CertificatesDiffer { place } => (
            format!("{place} montre un autre certificat que les autres ports"),
            Some("Après un renouvellement, tous les services doivent relire leur certificat."),
        ),
        Remark::SettingsMissing { url, answer } => (
            format!("pas de réglages à {url} ({answer})"),
            Some(
                "Ouvrez listen.https (ou le mandataire), et mettez les noms que « passerelle dns » imprime dans le DNS.",
            ),
        ),
        Remark::SettingsNotTrusted { url } => (
            format!("{url} : réglages ignorés, car le certificat n'est pas bon"),
            Some("Réparez d'abord le certificat (ci-dessus)."),
        ),
        Remark::SettingsUnreadable { url } => (
            format!("les réglages à {url} sont illisibles ou incomplets"),
            Some("Un autre serveur web répond peut-être à cette adresse."),
        ),
        Remark::SettingsSlow { url, milliseconds } => (
            format!("{url} répond en {milliseconds} ms : trop lent pour les logiciels"),
            Some("Cherchez ce qui ralentit : mandataire, DNS, machine chargée."),
        ),
        Remark::SettingsFound { url } => (format!("réglages trouvés à {url}"), None),
        Remark::ClientStuck { place } => {
            (format!("les réglages trouvés mènent à {place}, qui ne marche pas"), Some("Voyez ce port plus haut."))
        }
        Remark::ClientReady => ("se configure tout seul avec l'adresse et le mot de passe".to_owned(), None),
        Remark::AddressBookMissing { url } => {
            (format!("rien à {url}"), Some("Sans CardDAV, les carnets d'adresses ne se remplissent pas tout seuls."))
        }
        Remark::AddressBookOpen { url } => (
            format!("{url} répond sans demander de mot de passe"),
            Some("Un autre serveur web répond peut-être à cette adresse."),
        ),
        Remark::AddressBookFound { url } => (format!("trouvé à {url}"), None),
        Remark::DirectoryFound { place } => (format!("{place} : l'annuaire répond"), None),
        Remark::DirectoryRefuses { place, code, said } => {
            (format!("{place} : l'annuaire refuse (code {code}, « {said} »)"), Some("Voyez docs/troubleshoot.md."))
        }
        Remark::NotOffered => ("pas proposé".to_owned(), None),
        Remark::NameMissing { name } => (format!("{name} n'existe pas"), Some(CLIENTS_DNS)),
        Remark::NameFound { name } => (format!("{name} existe"), None),
        Remark::RecordMissing { record } => (format!("il manque : {record}"), Some(CLIENTS_DNS)),
        Remark::RecordDiffers { name, found, wanted } => {
            (format!("{name} dit « {found} » au lieu de « {wanted} »"), Some(CLIENTS_DNS))
        }
        Remark::RecordsFound { count } => (format!("{count} enregistrements SRV sont en place"), None),
        Remark::DnsSilent { server } => (
            format!("le serveur de noms {server} ne répond pas"),
            Some("Vérifiez /etc/resolv.conf, ou nommez-en un autre : --dns-server."),
        ),
        Remark::DnsNotAsked => ("non vérifié (--at ou --no-dns)".to_owned(), None),
        Remark::ClockFine { seconds } => (format!("celle du serveur est à {seconds} s de celle d'ici"), None),
        Remark::ClockWrong { seconds } => (
            format!("celle du serveur est à {seconds} s de celle d'ici"),
            Some("Réglez l'heure des deux machines par NTP : les dates des messages et les certificats en dépendent."),
        ),
        Remark::StoreClockWrong { seconds } => (
            format!("celle de la base est à {seconds} s de celle du serveur"),
            Some("Réglez l'heure des deux machines par NTP."),
        ),
        Remark::ClockUnknown => ("le serveur n'a pas dit l'heure".to_owned(), None),
        Remark::DiskFine { folder, free_percent } => (format!("{folder} : {free_percent} % libres"), None),
        Remark::DiskLow { folder, free_percent, free_megabytes } => (
            format!("{folder} : {free_percent} % libres ({free_megabytes} Mo)"),
            Some("Agrandissez le disque, ou voyez docs/operate.md, « What grows »."),
        ),
        Remark::DiskUnknown { folder, why } => {
            (format!("{folder} : place libre inconnue ({why})"), Some("Lancez la commande sur la machine du serveur."))
        }
    }
}
