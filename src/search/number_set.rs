//! A set of conversation numbers that a search is limited to.
//!
//! Contract: `contains` takes constant or logarithmic time and the set at most 8 bytes per number. Numbers of
//! conversations are handed out one after another, so a large set is a bitmap over them; a small or a scattered one is a sorted list.
//!
//! Rejected: the crate `roaring`, because conversation numbers are dense and start at one, where a plain bitmap is as
//! small (125 KB for a million conversations) and faster, and it would be one dependency more.

/// Numbers, immutable once collected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberSet(Numbers);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Numbers {
    /// Sorted, without duplicates.
    List(Vec<u64>),
    /// Bit n of word n / 64.
    Bitmap(Vec<u64>),
}

impl NumberSet {
    /// Whether the number is in the set.
    pub(super) fn contains(&self, number: u64) -> bool {
        match &self.0 {
            Numbers::List(list) => list.binary_search(&number).is_ok(),
            Numbers::Bitmap(words) => usize::try_from(number / 64)
                .ok()
                .and_then(|position| words.get(position))
                .is_some_and(|word| word & (1 << (number % 64)) != 0),
        }
    }

    /// The numbers, if they are few enough to be looked up one by one.
    pub(super) fn as_short_list(&self) -> Option<&[u64]> {
        match &self.0 {
            Numbers::List(list) if list.len() <= 256 => Some(list),
            _ => None,
        }
    }
}

impl FromIterator<u64> for NumberSet {
    fn from_iter<T: IntoIterator<Item = u64>>(numbers: T) -> Self {
        let mut list: Vec<u64> = numbers.into_iter().collect();
        list.sort_unstable();
        list.dedup();
        let highest = list.last().copied().unwrap_or(0);
        let word_count = usize::try_from(highest / 64).unwrap_or(usize::MAX).saturating_add(1);
        if list.len() <= 256 || word_count > list.len() {
            return Self(Numbers::List(list));
        }
        let mut words = vec![0_u64; word_count];
        for number in &list {
            if let Some(word) = usize::try_from(number / 64).ok().and_then(|position| words.get_mut(position)) {
                *word |= 1 << (number % 64);
            }
        }
        Self(Numbers::Bitmap(words))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn holds_what_it_was_given(
            numbers in prop::collection::vec(prop_oneof![0u64..2_000, any::<u64>()], 0..600),
            dense in prop::collection::vec(0u64..2_000, 0..900),
        ) {
            for numbers in [numbers, dense] {
                let expected: BTreeSet<u64> = numbers.iter().copied().collect();
                let set: NumberSet = numbers.into_iter().collect();
                for number in (0..2_100).chain(expected.iter().copied()) {
                    prop_assert_eq!(set.contains(number), expected.contains(&number));
                }
            }
        }
    }
}
