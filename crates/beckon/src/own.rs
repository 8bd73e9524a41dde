//! What the process takes of its machine, as the system says; nothing where it does not.

/// Ticks of the system's clock in a second: 100 on every Linux that is in use (`getconf CLK_TCK`).
const TICKS_A_SECOND: f64 = 100.0;

/// Processor time of the process since its start, of threads that ended too.
pub fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name may hold anything but ends with the last bracket; user and system time are the 14th and 15th field.
    let fields = text.rsplit_once(')')?.1.split_ascii_whitespace();
    let mut ticks = fields.skip(11).map_while(|it| it.parse::<u64>().ok());
    Some((ticks.next()? + ticks.next()?) as f64 / TICKS_A_SECOND)
}

/// Bytes of the process that are in memory.
pub fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(value.trim().split(' ').next()?.parse::<u64>().ok()? * 1_024)
}
