//! A file system with little room: ext4 on a loop device, or a tmpfs where there is none. It takes root and the right to
//! mount; where these are missing, the reason is told, and the test is skipped in words.

use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) struct SmallDisk {
    at: PathBuf,
    pub(crate) kind: &'static str,
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

impl SmallDisk {
    /// Mounts one of so many MiB at a folder, which is made.
    pub(crate) fn mount(at: &Path, image: &Path, mebibytes: u64) -> Result<Self, String> {
        std::fs::create_dir_all(at).unwrap();
        let place = at.to_str().unwrap();
        let on_loop = || {
            let file = std::fs::File::create(image).map_err(|error| error.to_string())?;
            file.set_len(mebibytes << 20).map_err(|error| error.to_string())?;
            let image = image.to_str().unwrap();
            run("mkfs.ext4", &["-q", "-m", "0", image])?;
            run("mount", &["-o", "loop", image, place])
        };
        let on_loop = match on_loop() {
            Ok(()) => return Ok(Self { at: at.to_owned(), kind: "ext4 on a loop device" }),
            Err(why) => why,
        };
        match run("mount", &["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "tmpfs", place]) {
            Ok(()) => Ok(Self { at: at.to_owned(), kind: "tmpfs" }),
            Err(why) => Err(format!("{on_loop}; {why}")),
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Its server may be ending.
        for _ in 0..100 {
            if run("umount", &[self.at.to_str().unwrap()]).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}
