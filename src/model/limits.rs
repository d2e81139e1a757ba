//! PURE: how much a person may send: limits, what has been used of them, and which one is in the way.

/// Limits of one profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub messages_per_hour: u32,
    pub messages_per_day: u32,
    /// People, groups expanded.
    pub people_per_message: u32,
    pub people_per_day: u32,
    /// People and groups named that the person never wrote to, and that did not write to the person first.
    pub first_time_per_day: u32,
}

/// What was sent in this hour and on this day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    pub messages_this_hour: u64,
    pub messages_today: u64,
    pub people_today: u64,
    pub first_time_today: u64,
}

/// One limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    MessagesPerHour,
    MessagesPerDay,
    PeoplePerMessage,
    PeoplePerDay,
    FirstTimePerDay,
}

impl Limit {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::MessagesPerHour,
        Self::MessagesPerDay,
        Self::PeoplePerMessage,
        Self::PeoplePerDay,
        Self::FirstTimePerDay,
    ];
}

impl Limits {
    /// How much there may be.
    pub const fn max(&self, limit: Limit) -> u32 {
        match limit {
            Limit::MessagesPerHour => self.messages_per_hour,
            Limit::MessagesPerDay => self.messages_per_day,
            Limit::PeoplePerMessage => self.people_per_message,
            Limit::PeoplePerDay => self.people_per_day,
            Limit::FirstTimePerDay => self.first_time_per_day,
        }
    }

    /// The first limit in the way of one more message that reaches so many people, so many of those named for the first
    /// time. The one that lasts longest is told first.
    pub fn in_the_way(&self, sent: &Sent, people: u64, first_time: u64) -> Option<Limit> {
        let wanted = [
            (Limit::PeoplePerMessage, people),
            (Limit::MessagesPerDay, sent.messages_today + 1),
            (Limit::PeoplePerDay, sent.people_today.saturating_add(people)),
            (Limit::FirstTimePerDay, sent.first_time_today.saturating_add(first_time)),
            (Limit::MessagesPerHour, sent.messages_this_hour + 1),
        ];
        wanted.into_iter().find(|(limit, wanted)| *wanted > u64::from(self.max(*limit))).map(|(limit, _)| limit)
    }
}

impl Sent {
    /// How much of a limit is used; none where it is counted anew with each message.
    pub const fn of(&self, limit: Limit) -> Option<u64> {
        match limit {
            Limit::MessagesPerHour => Some(self.messages_this_hour),
            Limit::MessagesPerDay => Some(self.messages_today),
            Limit::PeoplePerMessage => None,
            Limit::PeoplePerDay => Some(self.people_today),
            Limit::FirstTimePerDay => Some(self.first_time_today),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        messages_per_hour: 2,
        messages_per_day: 4,
        people_per_message: 10,
        people_per_day: 20,
        first_time_per_day: 3,
    };

    #[test]
    fn the_last_that_is_allowed_and_the_first_that_is_not() {
        let none = Sent::default();
        assert_eq!(LIMITS.in_the_way(&none, 10, 3), None);
        assert_eq!(LIMITS.in_the_way(&none, 11, 0), Some(Limit::PeoplePerMessage));
        assert_eq!(LIMITS.in_the_way(&none, 1, 4), Some(Limit::FirstTimePerDay));
        let some = Sent { messages_this_hour: 1, messages_today: 3, people_today: 15, first_time_today: 2 };
        assert_eq!(LIMITS.in_the_way(&some, 5, 1), None);
        assert_eq!(LIMITS.in_the_way(&some, 6, 0), Some(Limit::PeoplePerDay));
        assert_eq!(LIMITS.in_the_way(&some, 1, 2), Some(Limit::FirstTimePerDay));
        let hour = Sent { messages_this_hour: 2, messages_today: 2, ..none };
        assert_eq!(LIMITS.in_the_way(&hour, 1, 0), Some(Limit::MessagesPerHour));
        let day = Sent { messages_this_hour: 2, messages_today: 4, ..none };
        assert_eq!(LIMITS.in_the_way(&day, 1, 0), Some(Limit::MessagesPerDay), "the one that lasts longer");
    }
}
