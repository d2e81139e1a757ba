//! The sample school in the demo's store, and accounts for load tests.

use anyhow::{Context, bail};

use crate::domain::Gateway;
use crate::domain::delivery::{Submission, Submitted};
use crate::domain::directory::Verdict;
use crate::domain::import::{ImportFiles, ImportMode, Imported};
use crate::domain::people::UserFilter;
use crate::model::{Address, Secret, Timestamp};
use crate::sample::{self, DemoPerson};

/// Somebody whose name and address are printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub address: String,
    pub name: &'static str,
    /// In French.
    pub role: &'static str,
}

/// Is the sample school in the store already?
pub(super) async fn is_there(gateway: &Gateway) -> anyhow::Result<bool> {
    let [first, ..] = sample::DEMO_PEOPLE;
    Ok(gateway.find_user(first.login).await?.is_some())
}

/// Classes, people, groups, rules. Again it changes nothing.
pub(super) async fn import_sample(gateway: &Gateway) -> anyhow::Result<()> {
    import(gateway, &sample::school()).await
}

/// `u0001 … uN` in one group whose members may all write to each other.
pub(super) async fn import_bench(gateway: &Gateway, accounts: u32) -> anyhow::Result<()> {
    import(gateway, &sample::bench_school(usize::try_from(accounts)?)).await
}

async fn import(gateway: &Gateway, files: &ImportFiles) -> anyhow::Result<()> {
    match gateway.import(files, ImportMode::Apply).await? {
        Imported::Done(_) => Ok(()),
        Imported::Refused(problems) => {
            bail!("the sample cannot be imported: {}", problems.first().map(ToString::to_string).unwrap_or_default())
        }
        Imported::Stopped(stop) => bail!("the sample cannot be imported: {} people would be suspended", stop.suspended),
    }
}

/// For so many people a demo works out what SCRAM needs; those beyond, of a benchmark, get it at their first login with PLAIN.
const SCRAM_PEOPLE_MAX: usize = 2000;

/// Hashes once: in a demo everybody has the same password.
pub(super) async fn set_everybodys_password(gateway: &Gateway, password: &str) -> anyhow::Result<()> {
    let hash = gateway.hash_password(Secret::new(password)).await??;
    let people: Vec<_> = gateway.users(&UserFilter::default()).await?.into_iter().map(|user| user.id).collect();
    gateway.set_password_hash(&people, hash.clone()).await?;
    let some = people.get(..SCRAM_PEOPLE_MAX).unwrap_or(&people);
    gateway.keep_verifiers(some, &hash, &Secret::new(password)).await?;
    Ok(())
}

/// Hands the sample's letters in as their senders would: judged by the rules, delivered as any other.
pub(super) async fn deliver_letters(gateway: &Gateway) -> anyhow::Result<()> {
    // To the hour: where an earlier run was cut short, the same letters come again and are delivered once.
    let until = Timestamp::from_seconds(gateway.clock.now().seconds() / 3600 * 3600);
    for letter in sample::letters(&gateway.config.domain, until) {
        let sender = gateway.find_user(letter.from).await?.with_context(|| format!("nobody is {}", letter.from))?;
        let mut recipients = Vec::new();
        for address in &letter.to {
            let parsed = Address::parse(address).with_context(|| format!("{address} is no address"))?;
            match gateway.may_write(&sender, &parsed).await? {
                Verdict::Allow(recipient) => recipients.push(recipient),
                Verdict::Refuse(why) => bail!("{} may not write to {address}: {why:?}", letter.from),
            }
        }
        let mut spool = gateway.spool();
        spool.write(&letter.raw).await?;
        let submission = Submission { sender, recipients, message: spool.finish().await? };
        if let Submitted::Refused(why) = gateway.submit(submission).await? {
            bail!("a letter of {} is refused: {why:?}", letter.from);
        }
    }
    Ok(())
}

/// The people to try: address, name, what they are.
pub(super) fn four_people(domain: &str) -> Vec<Person> {
    let person = |person: DemoPerson| Person {
        address: format!("{}@{domain}", person.login),
        name: person.display_name,
        role: person.role,
    };
    sample::DEMO_PEOPLE.map(person).to_vec()
}
