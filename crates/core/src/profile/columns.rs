//! Columns: profiles as fixed-size values, stored sixteen shoppers to a page, column by column.
//!
//! A page is what a snapshot copies on write and what a scan reads; a row is the same data of one
//! shopper, taken out. One macro writes both from one list, with a version per column, so that a
//! snapshot written before a column existed, or with an older shape of it, can still be read: such a
//! column starts empty.

/// A column's name and the version of its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The field's name.
    pub name: &'static str,
    /// Raised whenever the shape changes.
    pub version: u16,
    /// Bytes a shopper.
    pub size: usize,
}

/// A page of columns and its row.
pub trait Columns: Clone + Default + Send + Sync + 'static {
    /// The columns of one shopper.
    type Row: Copy + Default;
    /// The columns, in the order in which they are stored.
    const COLUMNS: &'static [Column];
    /// Takes a row out.
    fn row(&self, at: usize) -> Self::Row;
    /// Puts a row in.
    fn set_row(&mut self, at: usize, row: &Self::Row);
    /// The bytes of one column of the page.
    fn column_bytes(&self, column: usize) -> &[u8];
    /// The same, to be filled from a snapshot.
    fn column_bytes_mut(&mut self, column: usize) -> &mut [u8];
}

/// Writes a row, its page, and rows of references into a page (to read, to change), from one list of columns.
macro_rules! columns {
    (
        $(#[$doc:meta])*
        $row:ident, $page:ident, $view:ident, $seen:ident {
            $($(#[$field_doc:meta])* $name:ident: $type:ty = $version:literal,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq)]
        pub struct $row { $($(#[$field_doc])* pub $name: $type,)+ }

        /// The same columns of sixteen shoppers.
        #[derive(Debug, Clone)]
        pub struct $page { $($(#[$field_doc])* pub $name: [$type; crate::limits::PAGE_ROWS],)+ }

        impl Default for $page {
            fn default() -> Self {
                $page { $($name: [bytemuck::Zeroable::zeroed(); crate::limits::PAGE_ROWS],)+ }
            }
        }

        /// The same columns of one shopper, to be changed in place.
        pub struct $view<'a> { $($(#[$field_doc])* pub $name: &'a mut $type,)+ }

        /// The same columns of one shopper, to be read where they lie: a scan copies nothing.
        #[derive(Debug, Clone, Copy)]
        pub struct $seen<'a> { $($(#[$field_doc])* pub $name: &'a $type,)+ }

        impl $row {
            /// This row's columns, to be read.
            pub fn seen(&self) -> $seen<'_> {
                $seen { $($name: &self.$name,)+ }
            }

            /// This row's columns, to be changed in place.
            pub fn view(&mut self) -> $view<'_> {
                $view { $($name: &mut self.$name,)+ }
            }
        }

        impl $page {
            /// One shopper's columns, to be read.
            #[inline]
            pub fn seen(&self, at: usize) -> $seen<'_> {
                $seen { $($name: &self.$name[at],)+ }
            }

            /// One shopper's columns, to be changed in place.
            pub fn view(&mut self, at: usize) -> $view<'_> {
                $view { $($name: &mut self.$name[at],)+ }
            }
        }

        impl crate::profile::columns::Columns for $page {
            type Row = $row;

            const COLUMNS: &'static [crate::profile::columns::Column] = &[
                $(crate::profile::columns::Column {
                    name: stringify!($name),
                    version: $version,
                    size: size_of::<$type>(),
                },)+
            ];

            fn row(&self, at: usize) -> $row {
                $row { $($name: self.$name[at],)+ }
            }

            fn set_row(&mut self, at: usize, row: &$row) {
                $(self.$name[at] = row.$name;)+
            }

            fn column_bytes(&self, column: usize) -> &[u8] {
                let all: &[&[u8]] = &[$(bytemuck::cast_slice(&self.$name),)+];
                all[column]
            }

            fn column_bytes_mut(&mut self, column: usize) -> &mut [u8] {
                let all: [&mut [u8]; Self::COLUMNS.len()] = [$(bytemuck::cast_slice_mut(&mut self.$name),)+];
                let mut all = all.into_iter();
                all.nth(column).expect("the caller names one of COLUMNS")
            }
        }
    };
}

pub(crate) use columns;

/// A row as bytes, column after column: how one profile travels between shards.
pub fn row_bytes<P: Columns>(row: &P::Row, out: &mut Vec<u8>) {
    let mut page = P::default();
    page.set_row(0, row);
    for (at, column) in P::COLUMNS.iter().enumerate() {
        out.extend_from_slice(&page.column_bytes(at)[..column.size]);
    }
}

/// Bytes of a row.
pub const fn row_size<P: Columns>() -> usize {
    let mut size = 0;
    let mut at = 0;
    while at < P::COLUMNS.len() {
        size += P::COLUMNS[at].size;
        at += 1;
    }
    size
}

/// Reads what [`row_bytes`] wrote. `bytes` must be [`row_size`] long.
pub fn row_from_bytes<P: Columns>(bytes: &[u8]) -> Option<P::Row> {
    if bytes.len() != row_size::<P>() {
        return None;
    }
    let mut page = P::default();
    let mut rest = bytes;
    for (at, column) in P::COLUMNS.iter().enumerate() {
        let (here, after) = rest.split_at(column.size);
        page.column_bytes_mut(at)[..column.size].copy_from_slice(here);
        rest = after;
    }
    Some(page.row(0))
}
