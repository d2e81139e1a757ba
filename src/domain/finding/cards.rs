//! Ids → cards, for an asker who may write there.

use std::collections::{HashMap, HashSet};

use super::Whom;
use super::card::{Card, CardId, CardKind, CardNote};
use super::members::Unread;
use super::visible::Visible;
use crate::domain::{Fault, Gateway};
use crate::model::{Address, GroupId, Profile, UserId};
use crate::store::people::finding::{self as store, Belonging, GroupCardRow, PersonRow};
use crate::store::{StoreError, Tx};

/// What the store says of people.
struct Rows {
    version: i64,
    people: Vec<PersonRow>,
    belonging: Belonging,
    /// Relative, pupil, the pupil's name.
    pupils: Vec<(UserId, UserId, String)>,
}

/// The pupils whom an asker sees.
#[derive(Clone, Copy)]
pub(super) enum Sees<'s> {
    Nobody,
    These(&'s HashSet<UserId>),
    All(&'s Visible),
}

impl Sees<'_> {
    fn includes(self, pupil: &UserId) -> bool {
        match self {
            Self::Nobody => false,
            Self::These(pupils) => pupils.contains(pupil),
            Self::All(visible) => visible.includes(pupil),
        }
    }
}

impl Gateway {
    /// Their cards, in their order. A relative's says whose parent it is, of pupils among `sees`.
    pub(super) async fn cards(&self, visible: &Visible, whom: &[Whom], sees: Sees<'_>) -> Result<Vec<Card>, Unread> {
        let users: Vec<UserId> = whom.iter().filter_map(Whom::user).cloned().collect();
        let rows = self.store.read_snapshot(users, |tx, users| Box::pin(read(tx, users))).await.map_err(Fault::from)?;
        if rows.version != visible.version {
            return Err(Unread::Moved);
        }
        let mut people = self.people_cards(rows, sees);
        let card = |whom: &Whom| match whom {
            Whom::User(id) => people.remove(id),
            Whom::Group(place) => visible.groups.get(*place).and_then(|row| self.card_of_group(row)),
        };
        Ok(whom.iter().filter_map(card).collect())
    }

    /// A group's card, if it can be written to.
    pub(super) async fn group_card(&self, id: &GroupId) -> Result<Option<Card>, Fault> {
        let row = self.store.read(id.clone(), |tx, id| Box::pin(store::group(tx, id))).await?;
        Ok(row.and_then(|row| self.card_of_group(&row)))
    }

    fn people_cards(&self, rows: Rows, sees: Sees<'_>) -> HashMap<UserId, Card> {
        let Rows { people, mut belonging, pupils, .. } = rows;
        let mut pupils_of: HashMap<UserId, Vec<String>> = HashMap::new();
        for (relative, _, name) in pupils.into_iter().filter(|(_, pupil, _)| sees.includes(pupil)) {
            pupils_of.entry(relative).or_default().push(name);
        }
        let card = |PersonRow { named, local_part }: PersonRow| {
            let is_pupil = named.profile == Profile::Student;
            let note = CardNote {
                schools: belonging.schools.remove(&named.id).unwrap_or_default(),
                // A teacher has many, a parent those of the children.
                classes: belonging.classes.remove(&named.id).filter(|_| is_pupil).unwrap_or_default(),
                pupils: pupils_of.remove(&named.id).unwrap_or_default(),
            };
            let card = Card {
                id: CardId::of_user(&named.id),
                kind: CardKind::Person,
                address: self.shown_address(&local_part)?,
                display_name: named.display_name,
                given_name: Some(named.first_name).filter(|name| !name.is_empty()),
                family_name: Some(named.last_name).filter(|name| !name.is_empty()),
                profile: Some(named.profile),
                note,
            };
            Some((named.id, card))
        };
        people.into_iter().filter_map(card).collect()
    }

    fn card_of_group(&self, row: &GroupCardRow) -> Option<Card> {
        Some(Card {
            id: CardId::of_group(&row.group.id),
            kind: CardKind::Group(row.group.kind),
            address: self.shown_address(&row.local_part)?,
            display_name: row.group.name.clone(),
            given_name: None,
            family_name: None,
            profile: row.group.profile,
            note: CardNote {
                schools: row.school.iter().cloned().collect(),
                classes: row.class.iter().cloned().collect(),
                pupils: Vec::new(),
            },
        })
    }

    fn shown_address(&self, local_part: &str) -> Option<Address> {
        let address = Address::parse(&format!("{local_part}@{}", self.config.domain));
        if address.is_none() {
            tracing::error!(local_part, "an address of the store is none");
        }
        address
    }
}

async fn read(tx: &mut Tx<'_>, users: &[UserId]) -> Result<Rows, StoreError> {
    let version = store::clock(tx).await?;
    if users.is_empty() {
        return Ok(Rows { version, people: Vec::new(), belonging: Belonging::default(), pupils: Vec::new() });
    }
    let users: Vec<&UserId> = users.iter().collect();
    Ok(Rows {
        version,
        people: store::people(tx, &users).await?,
        belonging: store::belonging(tx, &users).await?,
        pupils: store::pupils_of(tx, &users).await?,
    })
}
