//! The sample school in the demo's store, and accounts for load tests.

use std::fmt::Write;

use anyhow::{Context, bail};

use crate::domain::import::{File, ImportFiles, ImportMode, Imported};
use crate::domain::people::UserFilter;
use crate::domain::Gateway;
use crate::model::{Profile, Secret};

/// Somebody whose name and address are printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub address: String,
    pub name: String,
    pub profile: Profile,
}

/// Is the sample school in the store already?
pub(super) async fn is_there(gateway: &Gateway) -> anyhow::Result<bool> {
    let [first, ..] = crate::sample::FOUR_PEOPLE;
    Ok(gateway.find_user(first).await?.is_some())
}

/// Classes, people, groups, rules. Again it changes nothing.
pub(super) async fn import_sample(gateway: &Gateway) -> anyhow::Result<()> {
    import(gateway, &crate::sample::files()).await
}

/// `u0001 … uN` in one group whose members may all write to each other, in a school of their own.
pub(super) async fn import_bench(gateway: &Gateway, accounts: u32) -> anyhow::Result<()> {
    let mut users = "external_id;login;alias;first_name;last_name;profile;schools\n".to_owned();
    let mut members = "group;user\n".to_owned();
    for number in 1..=accounts {
        // Writing to a String cannot fail.
        let _ = writeln!(users, "BENCH-{number};u{number:04};;Utilisateur;{number:04};Teacher;0000000B");
        let _ = writeln!(members, "bench;u{number:04}");
    }
    let files = ImportFiles::default()
        .with(File::Schools, "uai;name\n0000000B;Banc d'essai\n")
        .with(File::Users, users)
        .with(
            File::Groups,
            "id;school;class;kind;profile;name;address;written_by\n\
             bench;0000000B;;Manual;;Banc d'essai;bench;\n",
        )
        .with(File::Members, members);
    import(gateway, &files).await
}

async fn import(gateway: &Gateway, files: &ImportFiles) -> anyhow::Result<()> {
    match gateway.import(files, ImportMode::Apply).await? {
        Imported::Done(_) => Ok(()),
        Imported::Refused(problems) => {
            bail!("the sample cannot be imported: {}", problems.first().map(ToString::to_string).unwrap_or_default())
        }
    }
}

/// Hashes once: in a demo everybody has the same password.
pub(super) async fn set_everybodys_password(gateway: &Gateway, password: &str) -> anyhow::Result<()> {
    let hash = gateway.hash_password(Secret::new(password)).await??;
    let people: Vec<_> = gateway.users(&UserFilter::default()).await?.into_iter().map(|user| user.id).collect();
    gateway.set_password_hash(&people, hash).await?;
    Ok(())
}

/// The people to try: address, name, profile.
pub(super) async fn four_people(gateway: &Gateway) -> anyhow::Result<Vec<Person>> {
    let mut people = Vec::new();
    for login in crate::sample::FOUR_PEOPLE {
        let user = gateway.find_user(login).await?.with_context(|| format!("{login} is not in the store"))?;
        let address = gateway.primary_address(&user).with_context(|| format!("{login} has no address"))?;
        people.push(Person { address: address.to_string(), name: user.display_name, profile: user.profile });
    }
    Ok(people)
}
