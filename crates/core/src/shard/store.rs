//! Where a shard keeps its shoppers: pages of columns, pages of cold rows, and the index over them.
//!
//! Pages are shared by reference and copied on write. A snapshot is taken by cloning the references, and
//! folding goes on; only pages that are written while the snapshot still holds them are copied.

use crate::id::hash_seeded;
use crate::limits::PAGE_ROWS;
use crate::profile::cold::Cold;
use crate::profile::columns::Columns;
use crate::profile::{History, columns};
use crate::profile::{HistoryPage, HistoryRef, HistoryView, Hot, HotPage, HotRef, HotView};
use hashbrown::HashTable;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A shopper's place in the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot(u32);

impl Slot {
    /// Its number among the shard's rows.
    pub fn number(self) -> u32 {
        self.0
    }

    /// The slot of a number.
    pub fn from_number(number: u32) -> Self {
        Slot(number)
    }

    fn page(self) -> usize {
        self.0 as usize / PAGE_ROWS
    }

    fn row(self) -> usize {
        self.0 as usize % PAGE_ROWS
    }
}

/// Which kind of id, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key<'a> {
    /// A user id, or an anonymous id.
    pub known: bool,
    /// The id.
    pub id: &'a str,
}

impl<'a> Key<'a> {
    /// A known shopper.
    pub fn user(id: &'a str) -> Self {
        Key { known: true, id }
    }

    /// A visitor.
    pub fn anonymous(id: &'a str) -> Self {
        Key { known: false, id }
    }

    fn hash(self) -> u32 {
        hash_seeded(self.id, 0x1DE7 + u64::from(self.known)) as u32
    }
}

/// One profile, taken out of its columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profile {
    /// Hot columns.
    pub hot: Hot,
    /// History columns.
    pub history: History,
    /// Cold row.
    pub cold: Cold,
}

/// An id that is another name of a known shopper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Whether `id` is a user id.
    pub known: bool,
    /// The other name.
    pub id: Arc<str>,
    /// The shopper.
    pub user: Arc<str>,
    /// When an `identify` or `alias` last said so (Unix seconds of the event); 0 when none did.
    pub at: u32,
}

/// Sixteen cold rows.
pub type ColdPage = [Cold; PAGE_ROWS];

/// The pages, as a snapshot holds them.
#[derive(Debug, Clone, Default)]
pub struct Pages {
    /// Hot columns.
    pub hot: Vec<Arc<HotPage>>,
    /// History columns.
    pub history: Vec<Arc<HistoryPage>>,
    /// Cold rows.
    pub cold: Vec<Arc<ColdPage>>,
    /// Bindings, sixteen to a page; `None` where one was taken out.
    pub bindings: Vec<Arc<[Option<Binding>; PAGE_ROWS]>>,
}

/// The shoppers of one shard.
#[derive(Debug, Default)]
pub struct Store {
    pages: Pages,
    free: BTreeSet<Slot>,
    free_bindings: BTreeSet<Slot>,
    index: HashTable<Entry>,
    shoppers: usize,
    bindings: usize,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u32,
    /// A slot of the rows, or with the highest bit one of the bindings.
    place: u32,
}

const BINDING: u32 = 1 << 31;

/// What an id stands for here.
#[derive(Debug, Clone)]
pub enum Found {
    /// A profile of its own.
    Row(Slot),
    /// Another name of a shopper.
    Bound(Binding),
}

fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Store {
    /// Takes pages over, e.g. from a snapshot, and builds the index.
    pub fn from_pages(pages: Pages) -> Self {
        let mut store = Store { pages, ..Store::default() };
        let rows: usize =
            store.pages.cold.iter().flat_map(|it| it.iter()).filter(|it| !it.id.is_empty()).count();
        store.index.reserve(rows, |it| spread(it.hash));
        for page in 0..store.pages.cold.len() {
            for row in 0..PAGE_ROWS {
                let slot = Slot((page * PAGE_ROWS + row) as u32);
                let cold = &store.pages.cold[page][row];
                if cold.id.is_empty() {
                    store.free.insert(slot);
                } else {
                    let hash = Key { known: cold.known, id: &cold.id }.hash();
                    store
                        .index
                        .insert_unique(spread(hash), Entry { hash, place: slot.0 }, |it| spread(it.hash));
                    store.shoppers += 1;
                }
            }
        }
        for page in 0..store.pages.bindings.len() {
            for row in 0..PAGE_ROWS {
                let slot = Slot((page * PAGE_ROWS + row) as u32);
                match &store.pages.bindings[page][row] {
                    None => {
                        store.free_bindings.insert(slot);
                    }
                    Some(it) => {
                        let hash = Key { known: it.known, id: &it.id }.hash();
                        let entry = Entry { hash, place: slot.0 | BINDING };
                        store.index.insert_unique(spread(hash), entry, |it| spread(it.hash));
                        store.bindings += 1;
                    }
                }
            }
        }
        store
    }

    /// The pages as they are now; cheap, and untouched by what is folded later.
    pub fn pages(&self) -> Pages {
        self.pages.clone()
    }

    /// Shoppers and visitors with a profile.
    pub fn len(&self) -> usize {
        self.shoppers
    }

    /// Whether nobody is known yet.
    pub fn is_empty(&self) -> bool {
        self.shoppers == 0
    }

    /// Ids that are another name of a shopper.
    pub fn bindings(&self) -> usize {
        self.bindings
    }

    /// What an id stands for.
    pub fn find(&self, key: Key<'_>) -> Option<Found> {
        let entry = self.entry(key)?;
        Some(match entry.place & BINDING {
            0 => Found::Row(Slot(entry.place)),
            _ => Found::Bound(self.binding(Slot(entry.place & !BINDING))?.clone()),
        })
    }

    /// The profile in a slot.
    pub fn profile(&self, slot: Slot) -> Profile {
        Profile {
            hot: self.pages.hot[slot.page()].row(slot.row()),
            history: self.pages.history[slot.page()].row(slot.row()),
            cold: self.cold(slot).clone(),
        }
    }

    /// The cold row in a slot.
    pub fn cold(&self, slot: Slot) -> &Cold {
        &self.pages.cold[slot.page()][slot.row()]
    }

    /// The pages of hot columns, in the order of slots: what a scan reads.
    pub fn hot_pages(&self) -> &[Arc<HotPage>] {
        &self.pages.hot
    }

    /// The hot columns in a slot.
    pub fn hot(&self, slot: Slot) -> HotRef<'_> {
        self.pages.hot[slot.page()].seen(slot.row())
    }

    /// The history columns in a slot.
    pub fn history(&self, slot: Slot) -> HistoryRef<'_> {
        self.pages.history[slot.page()].seen(slot.row())
    }

    /// The columns in a slot, to be changed in place.
    pub fn columns(&mut self, slot: Slot) -> (HotView<'_>, HistoryView<'_>) {
        let hot = Arc::make_mut(&mut self.pages.hot[slot.page()]);
        let history = Arc::make_mut(&mut self.pages.history[slot.page()]);
        (hot.view(slot.row()), history.view(slot.row()))
    }

    /// Columns and cold row in a slot, to be changed in place.
    pub fn all(&mut self, slot: Slot) -> (HotView<'_>, HistoryView<'_>, &mut Cold) {
        let hot = Arc::make_mut(&mut self.pages.hot[slot.page()]);
        let history = Arc::make_mut(&mut self.pages.history[slot.page()]);
        let cold = Arc::make_mut(&mut self.pages.cold[slot.page()]);
        (hot.view(slot.row()), history.view(slot.row()), &mut cold[slot.row()])
    }

    /// Makes a new, empty profile. The caller has made sure that the id stands for nothing yet.
    pub fn insert(&mut self, key: Key<'_>) -> Slot {
        let slot = match self.free.pop_first() {
            Some(slot) => slot,
            None => {
                let first = self.pages.cold.len() * PAGE_ROWS;
                self.pages.hot.push(Arc::default());
                self.pages.history.push(Arc::default());
                self.pages.cold.push(Arc::new(std::array::from_fn(|_| Cold::default())));
                self.free.extend((first + 1..first + PAGE_ROWS).map(|it| Slot(it as u32)));
                Slot(first as u32)
            }
        };
        let cold = Arc::make_mut(&mut self.pages.cold[slot.page()]);
        cold[slot.row()] = Cold { id: key.id.into(), known: key.known, details: None };
        self.index_insert(key, slot.0);
        self.shoppers += 1;
        slot
    }

    /// Takes a profile out and frees its place.
    pub fn remove(&mut self, key: Key<'_>) -> Option<Profile> {
        let Some(Found::Row(slot)) = self.find(key) else { return None };
        let profile = self.profile(slot);
        self.index_remove(key);
        let (page, row) = (slot.page(), slot.row());
        Arc::make_mut(&mut self.pages.hot[page]).set_row(row, &Hot::default());
        Arc::make_mut(&mut self.pages.history[page]).set_row(row, &History::default());
        Arc::make_mut(&mut self.pages.cold[page])[row] = Cold::default();
        self.free.insert(slot);
        self.shoppers -= 1;
        Some(profile)
    }

    /// Makes `key` another name of `user`. The caller has taken out what the id stood for.
    pub fn bind(&mut self, key: Key<'_>, user: &str, at: u32) {
        let binding = Binding { known: key.known, id: key.id.into(), user: user.into(), at };
        if let Some(place) = self.entry(key).map(|it| it.place).filter(|it| it & BINDING != 0) {
            self.set_binding(Slot(place & !BINDING), Some(binding));
            return;
        }
        let slot = match self.free_bindings.pop_first() {
            Some(slot) => slot,
            None => {
                let first = self.pages.bindings.len() * PAGE_ROWS;
                self.pages.bindings.push(Arc::default());
                self.free_bindings.extend((first + 1..first + PAGE_ROWS).map(|it| Slot(it as u32)));
                Slot(first as u32)
            }
        };
        self.set_binding(slot, Some(binding));
        self.index_insert(key, slot.0 | BINDING);
        self.bindings += 1;
    }

    /// Makes `key` a name of nobody.
    pub fn unbind(&mut self, key: Key<'_>) {
        let Some(place) = self.entry(key).map(|it| it.place).filter(|it| it & BINDING != 0) else { return };
        let slot = Slot(place & !BINDING);
        self.index_remove(key);
        self.set_binding(slot, None);
        self.free_bindings.insert(slot);
        self.bindings -= 1;
    }

    /// All profiles' slots.
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        let all = 0..(self.pages.cold.len() * PAGE_ROWS) as u32;
        all.map(Slot).filter(|slot| !self.cold(*slot).id.is_empty())
    }

    /// Whether nobody is kept in a slot.
    pub fn is_free(&self, slot: Slot) -> bool {
        self.pages.cold.get(slot.page()).is_none_or(|page| page[slot.row()].id.is_empty())
    }

    /// Up to `count` slots in use, spread over all of them; another `round` gives other ones.
    pub fn sample(&self, count: usize, round: u32) -> Vec<Slot> {
        let rows = (self.pages.cold.len() * PAGE_ROWS) as u32;
        if rows == 0 {
            return Vec::new();
        }
        let step = (rows as usize / count).max(1);
        let first = (round.wrapping_mul(0x9E37_79B9) >> 8) as usize % step;
        let slots = (first..rows as usize).step_by(step).map(|at| Slot(at as u32));
        slots.filter(|slot| !self.is_free(*slot)).take(count).collect()
    }

    /// All bindings.
    pub fn all_bindings(&self) -> impl Iterator<Item = &Binding> {
        self.pages.bindings.iter().flat_map(|page| page.iter().flatten())
    }

    /// Bytes held by the columns, by the cold rows (as structs, without what they point to) and by the
    /// index, in this order.
    pub fn memory(&self) -> [usize; 4] {
        let pages = self.pages.cold.len();
        [
            pages * size_of::<HotPage>(),
            pages * size_of::<HistoryPage>(),
            pages * size_of::<ColdPage>() + self.slots().map(|slot| heap(self.cold(slot))).sum::<usize>(),
            self.index.allocation_size(),
        ]
    }

    fn binding(&self, slot: Slot) -> Option<&Binding> {
        self.pages.bindings.get(slot.page())?[slot.row()].as_ref()
    }

    fn set_binding(&mut self, slot: Slot, binding: Option<Binding>) {
        Arc::make_mut(&mut self.pages.bindings[slot.page()])[slot.row()] = binding;
    }

    fn entry(&self, key: Key<'_>) -> Option<Entry> {
        let hash = key.hash();
        self.index.find(spread(hash), |it| it.hash == hash && self.is(*it, key)).copied()
    }

    fn is(&self, entry: Entry, key: Key<'_>) -> bool {
        if entry.place & BINDING == 0 {
            let cold = self.cold(Slot(entry.place));
            cold.known == key.known && *cold.id == *key.id
        } else {
            let binding = self.binding(Slot(entry.place & !BINDING));
            binding.is_some_and(|it| it.known == key.known && *it.id == *key.id)
        }
    }

    fn index_insert(&mut self, key: Key<'_>, place: u32) {
        let hash = key.hash();
        self.index.insert_unique(spread(hash), Entry { hash, place }, |it| spread(it.hash));
    }

    fn index_remove(&mut self, key: Key<'_>) {
        let Some(entry) = self.entry(key) else { return };
        let place = entry.place;
        if let Ok(found) = self.index.find_entry(spread(entry.hash), |it| it.place == place) {
            found.remove();
        }
    }
}

/// Bytes behind a cold row's pointers, counting 16 for what an allocation costs beside its contents.
fn heap(cold: &Cold) -> usize {
    let details = cold.details.as_ref().map_or(0, |it| {
        let lists = it.traits.capacity()
            * size_of_val(&it.traits[..]).checked_div(it.traits.len()).unwrap_or(0)
            + it.devices.heap()
            + size_of_val(&it.apps[..])
            + size_of_val(&it.anonymous_ids[..])
            + size_of_val(&it.called[..]);
        let texts: usize = it.traits.iter().map(|t| t.name.len() + t.json.len() + 32).sum::<usize>()
            + it.apps.iter().map(|a| a.0.len() + 16).sum::<usize>();
        size_of_val(&**it) + 32 + lists + texts
    });
    cold.id.len() + 32 + details
}

const _: () = assert!(columns::row_size::<HotPage>() == size_of::<Hot>(), "no padding between hot columns");
