//! A shard as blocks of bytes, and back.
//!
//! [`Shard::freeze`] is quick: it clones references to the pages. Writing the frozen state out happens
//! elsewhere, while the shard folds on. The first block names the columns with their versions and sizes,
//! so that a later version reads what it still knows and starts the rest empty.

use super::calling::Calling;
use super::claims::Claims;
use super::store::{Binding, Pages, Store};
use super::{Counts, Shard};
use crate::bytes::{Get, Malformed, Put};
use crate::dedup::{Dedup, Window};
use crate::id::{ShardId, SourceId, Term};
use crate::limits::{PAGE_ROWS, SHARDS};
use crate::profile::cold::Cold;
use crate::profile::columns::{Column, Columns};
use crate::profile::{HistoryPage, HotPage};
use crate::stage::Stage;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Raised when blocks change beyond what columns' own versions say.
const VERSION: u8 = 4;

/// Pages in a block: 1,024 shoppers.
const BLOCK_PAGES: usize = 64;

/// Ids or bindings in a block.
const BLOCK_ITEMS: usize = 32 << 10;

/// Bytes of a cold row that is free.
const COLD_BYTES_MIN: usize = 2;

/// Kinds of block.
mod block {
    pub const HEAD: u8 = 0;
    pub const DEDUP: u8 = 1;
    pub const BINDINGS: u8 = 2;
    pub const PAGES: u8 = 3;
    pub const END: u8 = 4;
    pub const STAGE: u8 = 5;
    pub const CALLING: u8 = 6;
    pub const CLAIMS: u8 = 7;
}

/// A shard at one instant, to be written out.
#[derive(Debug)]
pub struct Frozen {
    id: ShardId,
    pages: Pages,
    dedup: Dedup,
    counts: Counts,
    names: BTreeMap<(SourceId, Term), u64>,
    tombstones: BTreeMap<u64, Timestamp>,
    sent: [u64; SHARDS + 1],
    seen: [u64; SHARDS + 1],
    calling: Calling,
    claims: Claims,
    stage: Vec<u8>,
}

impl Shard {
    /// This shard as it is now, with the stage it decides on: whoever folds on from here needs both.
    pub fn freeze(&self, stage: &Stage) -> Frozen {
        let mut bytes = Vec::new();
        stage.encode(&mut bytes);
        Frozen {
            calling: self.calling.clone(),
            claims: self.claims.clone(),
            stage: bytes,
            id: self.id,
            pages: self.store.pages(),
            dedup: self.dedup.clone(),
            counts: self.counts,
            names: self.names.clone(),
            tombstones: self.tombstones.clone(),
            sent: self.sent,
            seen: self.seen,
        }
    }
}

impl Frozen {
    /// Hands over the blocks, one after the other; stops at the first error.
    pub fn write<E>(&self, mut sink: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        sink(&self.head())?;
        sink(&[&[block::STAGE], &self.stage[..]].concat())?;
        let mut calling = vec![block::CALLING];
        self.calling.encode(&mut calling);
        sink(&calling)?;
        let mut claims = vec![block::CLAIMS];
        self.claims.encode(&mut claims);
        sink(&claims)?;
        for (opened, ids) in self.dedup.generations() {
            let ids: Vec<u128> = ids.collect();
            // A generation is one run of blocks; the count of the whole lets a reader size its table.
            for (at, chunk) in ids.chunks(BLOCK_ITEMS).enumerate() {
                let mut out = vec![block::DEDUP, u8::from(at == 0)];
                out.put_int(opened.0);
                out.put_uint(ids.len() as u64);
                out.put_uint(chunk.len() as u64);
                chunk.iter().for_each(|id| out.extend_from_slice(&id.to_le_bytes()));
                sink(&out)?;
            }
        }
        for chunk in self.pages.bindings.chunks(BLOCK_ITEMS / PAGE_ROWS) {
            let mut out = vec![block::BINDINGS];
            out.put_uint(chunk.len() as u64);
            for it in chunk.iter().flat_map(|page| page.iter()) {
                out.push(it.as_ref().map_or(0, |it| 1 + u8::from(it.known)));
                if let Some(it) = it {
                    out.put_str(&it.id);
                    out.put_str(&it.user);
                    out.put_uint(it.at.into());
                }
            }
            sink(&out)?;
        }
        for first in (0..self.pages.cold.len()).step_by(BLOCK_PAGES) {
            sink(&self.page_block(first..(first + BLOCK_PAGES).min(self.pages.cold.len())))?;
        }
        sink(&[block::END])
    }

    fn head(&self) -> Vec<u8> {
        let mut out = vec![block::HEAD, VERSION, self.id.0];
        let counts = &self.counts;
        for count in [counts.events, counts.repeated, counts.forwarded, counts.joined, counts.erased] {
            out.put_uint(count);
        }
        out.put_uint(self.names.len() as u64);
        for ((source, name), count) in &self.names {
            out.put_uint(source.0.into());
            out.put_uint(name.0.into());
            out.put_uint(*count);
        }
        out.put_uint(self.tombstones.len() as u64);
        for (key, at) in &self.tombstones {
            out.put_uint(*key);
            out.put_int(at.0);
        }
        self.sent.iter().chain(&self.seen).for_each(|number| out.put_uint(*number));
        put_columns(&mut out, HotPage::COLUMNS);
        put_columns(&mut out, HistoryPage::COLUMNS);
        out
    }

    fn page_block(&self, pages: std::ops::Range<usize>) -> Vec<u8> {
        let mut out = vec![block::PAGES];
        out.put_uint(pages.len() as u64);
        // Column by column: like values lie together, which is what a compressor lives on.
        put_pages(&mut out, &self.pages.hot[pages.clone()]);
        put_pages(&mut out, &self.pages.history[pages.clone()]);
        self.pages.cold[pages].iter().flat_map(|page| page.iter()).for_each(|cold| cold.encode(&mut out));
        out
    }
}

fn put_columns(out: &mut Vec<u8>, columns: &[Column]) {
    out.put_uint(columns.len() as u64);
    for it in columns {
        out.put_str(it.name);
        out.put_uint(it.version.into());
        out.put_uint(it.size as u64);
    }
}

fn put_pages<P: Columns>(out: &mut Vec<u8>, pages: &[Arc<P>]) {
    for column in 0..P::COLUMNS.len() {
        pages.iter().for_each(|page| out.extend_from_slice(page.column_bytes(column)));
    }
}

/// A column as a snapshot has it: where it goes today, if anywhere, and its bytes a shopper.
struct Stored {
    column: Option<usize>,
    size: usize,
}

fn get_columns(get: &mut Get<'_>, today: &[Column]) -> Result<Vec<Stored>, Malformed> {
    let mut stored = Vec::new();
    for _ in 0..get.len("columns")? {
        let (name, version) = (get.str("column")?, get.u16("column version")?);
        let size = get.u32("column size")? as usize;
        let same = |it: &Column| it.name == name && it.version == version && it.size == size;
        stored.push(Stored { column: today.iter().position(same), size });
    }
    Ok(stored)
}

/// Puts a shard together again from its blocks, fed in order.
pub struct Thaw {
    window: Window,
    shard: Option<Shard>,
    hot: Vec<Stored>,
    history: Vec<Stored>,
    pages: Pages,
    generation: Vec<u128>,
    stage: Stage,
    ended: bool,
}

impl Thaw {
    /// Begins; `window` is the dedup window as it is configured today.
    pub fn new(window: Window) -> Self {
        Thaw {
            window,
            shard: None,
            hot: Vec::new(),
            history: Vec::new(),
            pages: Pages::default(),
            generation: Vec::new(),
            stage: Stage::default(),
            ended: false,
        }
    }

    /// Takes the next block.
    pub fn block(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        let mut get = Get::new(bytes);
        match get.u8("kind of block")? {
            block::HEAD => self.head(&mut get)?,
            block::DEDUP => self.dedup(&mut get)?,
            block::BINDINGS => self.bindings(&mut get)?,
            block::PAGES => self.page_block(&mut get)?,
            block::STAGE => {
                self.stage = Stage::decode(get.rest())?;
                return Ok(());
            }
            block::CALLING => {
                let shard = self.shard.as_mut().ok_or(get.malformed("head"))?;
                shard.calling = Calling::read(&mut get)?;
            }
            block::CLAIMS => {
                let shard = self.shard.as_mut().ok_or(get.malformed("head"))?;
                shard.claims = Claims::read(&mut get)?;
            }
            block::END => self.ended = true,
            _ => return Err(get.malformed("kind of block")),
        }
        if get.is_empty() { Ok(()) } else { Err(get.malformed("end of block")) }
    }

    /// The shard and its stage, once every block was taken.
    pub fn finish(self) -> Result<(Shard, Stage), Malformed> {
        let missing = Malformed { what: "end of snapshot", at: 0 };
        let mut shard = self.shard.filter(|_| self.ended).ok_or(missing)?;
        shard.store = Store::from_pages(self.pages);
        Ok((shard, self.stage))
    }

    fn head(&mut self, get: &mut Get<'_>) -> Result<(), Malformed> {
        if get.u8("snapshot version")? != VERSION {
            return Err(get.malformed("snapshot version"));
        }
        let mut shard = Shard::new(ShardId(get.u8("shard")?), self.window);
        shard.counts = Counts {
            events: get.uint("count")?,
            repeated: get.uint("count")?,
            forwarded: get.uint("count")?,
            joined: get.uint("count")?,
            erased: get.uint("count")?,
        };
        for _ in 0..get.len("names")? {
            let key = (SourceId(get.u16("source")?), Term(get.u32("name")?));
            shard.names.insert(key, get.uint("count")?);
        }
        for _ in 0..get.len("tombstones")? {
            shard.tombstones.insert(get.uint("tombstone")?, Timestamp(get.int("tombstone")?));
        }
        for number in shard.sent.iter_mut().chain(&mut shard.seen) {
            *number = get.uint("sequence")?;
        }
        self.hot = get_columns(get, HotPage::COLUMNS)?;
        self.history = get_columns(get, HistoryPage::COLUMNS)?;
        self.shard = Some(shard);
        Ok(())
    }

    fn dedup(&mut self, get: &mut Get<'_>) -> Result<(), Malformed> {
        let first = get.u8("generation")? != 0;
        let opened = Timestamp(get.int("generation")?);
        let (all, here) = (get.uint("ids")?, get.len("ids")?);
        if first {
            self.generation.clear();
        }
        for _ in 0..here {
            self.generation.push(u128::from_le_bytes(get.array("id")?));
        }
        if self.generation.len() as u64 == all {
            let shard = self.shard.as_mut().ok_or(get.malformed("head"))?;
            shard.dedup.restore(opened, std::mem::take(&mut self.generation).into_iter());
        }
        Ok(())
    }

    fn bindings(&mut self, get: &mut Get<'_>) -> Result<(), Malformed> {
        for _ in 0..get.len("binding pages")? {
            let mut page: [Option<Binding>; PAGE_ROWS] = Default::default();
            for it in &mut page {
                let kind = get.u8("binding")?;
                if kind == 0 {
                    continue;
                }
                let (id, user) = (get.str("id")?.into(), get.str("user")?.into());
                *it = Some(Binding { known: kind == 2, id, user, at: get.u32("time of a binding")? });
            }
            self.pages.bindings.push(Arc::new(page));
        }
        Ok(())
    }

    fn page_block(&mut self, get: &mut Get<'_>) -> Result<(), Malformed> {
        let count = get.len("pages")?;
        let columns: usize = self.hot.iter().chain(&self.history).map(|it| it.size).sum();
        if get.rest().len() / (columns + COLD_BYTES_MIN) / PAGE_ROWS < count {
            return Err(get.malformed("pages"));
        }
        get_pages(get, &self.hot, count, &mut self.pages.hot)?;
        get_pages(get, &self.history, count, &mut self.pages.history)?;
        for _ in 0..count {
            let mut page: [Cold; PAGE_ROWS] = Default::default();
            for cold in &mut page {
                *cold = Cold::read(get)?;
            }
            self.pages.cold.push(Arc::new(page));
        }
        Ok(())
    }
}

fn get_pages<P: Columns>(
    get: &mut Get<'_>,
    stored: &[Stored],
    count: usize,
    pages: &mut Vec<Arc<P>>,
) -> Result<(), Malformed> {
    let mut new: Vec<P> = vec![P::default(); count];
    for it in stored {
        for page in &mut new {
            let bytes = get.take(it.size.saturating_mul(PAGE_ROWS), "column")?;
            if let Some(column) = it.column {
                page.column_bytes_mut(column).copy_from_slice(bytes);
            }
        }
    }
    pages.extend(new.into_iter().map(Arc::new));
    Ok(())
}
