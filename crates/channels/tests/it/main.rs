//! What channels promise: requests as the vendor wants them, answers as they are meant, and no call into a
//! network that is none of theirs.

mod guard;
mod peers;
mod retry_after;
mod signature;
mod webhook;
mod webpush;
