//! A theme is one file in `themes/`: a new one there makes the program new.

fn main() {
    // Cargo reads this from the output; the macro that embeds the folder cannot say it.
    #[allow(clippy::print_stdout, reason = "how a build script speaks")]
    {
        println!("cargo:rerun-if-changed=themes");
    }
}
