//! Bits that flip in what was durable, long after.

use super::state::State;

/// One flipped bit.
#[derive(Debug, Clone)]
pub struct Flip {
    /// The name of the file it hit.
    pub name: String,
    /// The byte of the file.
    pub at: usize,
    file: usize,
    bit: u8,
}

impl State {
    /// Flips a bit of a segment's or a finished snapshot's bytes.
    pub fn flip(&mut self, snapshot: bool) -> Option<Flip> {
        let (start, end) = if snapshot { ("snap-", ".snap") } else { ("log-", ".seg") };
        let fit = |it: &(&String, &usize)| it.0.starts_with(start) && it.0.ends_with(end);
        let files: Vec<(String, usize)> =
            self.names.iter().filter(fit).map(|(name, file)| (name.clone(), *file)).collect();
        if files.is_empty() {
            return None;
        }
        let (name, file) = self.random.pick(&files).clone();
        let len = self.files[file].now.len();
        // Segments are mostly zeros behind the tail: most flips shall hit what was written.
        let used = self.files[file].now.iter().rposition(|it| *it != 0).map_or(len, |it| it + 1);
        let reach = if self.random.one_in(8) { len } else { used };
        if reach == 0 {
            return None;
        }
        let flip = Flip { name, at: self.random.index(reach), file, bit: 1 << self.random.below(8) };
        self.turn(&flip);
        Some(flip)
    }

    /// Takes a flip back.
    pub fn unflip(&mut self, flip: &Flip) {
        if self.has(flip) {
            self.turn(flip);
        }
    }

    /// Whether the file is still there under its name.
    pub fn has(&self, flip: &Flip) -> bool {
        self.names.get(&flip.name) == Some(&flip.file) && self.files[flip.file].now.len() > flip.at
    }

    fn turn(&mut self, flip: &Flip) {
        let file = &mut self.files[flip.file];
        for contents in [&mut file.now, &mut file.synced] {
            if let Some(byte) = contents.get_mut(flip.at) {
                *byte ^= flip.bit;
            }
        }
    }
}
