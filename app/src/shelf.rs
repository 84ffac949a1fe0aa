//! Where backups go, by configuration and environment: a folder, or a bucket with the keys that open it.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use db::backup::{Access, Keys, Shelf};

use crate::config::Config;

/// The shelf at an address: of a folder, or of a bucket as `s3://bucket/prefix`.
///
/// # Errors
/// Says which key of the configuration or which variable is missing or wrong, and what would be right.
pub fn at(config: &Config, address: &str) -> anyhow::Result<Shelf> {
    if !Shelf::is_bucket(address) {
        return Ok(Shelf::new(address)?);
    }
    Ok(Shelf::bucket(address, &access(config, variable)?)?)
}

/// A variable of the environment that says something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// How the store is reached: by the configuration, else by the variables that other programs read too.
fn access(config: &Config, variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<Access> {
    let first = |names: &[&str]| names.iter().find_map(|name| variable(name));
    let region = config.backup_s3_region.clone().or_else(|| first(&["AWS_REGION", "AWS_DEFAULT_REGION"]));
    let endpoint = config.backup_s3_endpoint.clone();
    let certificates = match &config.backup_s3_certificate {
        Some(file) => Some(fs::read(file).map_err(|e| {
            anyhow::anyhow!("backup_s3_certificate: {} cannot be read ({e}).", file.display())
        })?),
        None => None,
    };
    Ok(Access {
        endpoint: endpoint.or_else(|| first(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])),
        region: region.unwrap_or_else(|| "us-east-1".to_owned()),
        keys: match &config.backup_s3_credentials {
            Some(file) => keys_in(file)?,
            None => keys_of(variable)?,
        },
        certificates,
        plain_http: config.backup_s3_plain_http,
    })
}

/// The keys in the environment.
fn keys_of(variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<Keys> {
    let keys = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"));
    let (Some(id), Some(secret)) = keys else {
        anyhow::bail!(
            "An object store asks for keys, and there are none. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the \
             environment, or name a file that holds them with backup_s3_credentials. Nothing was changed."
        );
    };
    Ok(Keys { id, secret, token: variable("AWS_SESSION_TOKEN") })
}

/// The keys in a file that nobody else may read, as AWS's own programs write it: lines `aws_access_key_id = …`. Of
/// several sections the one named `default` counts.
fn keys_in(file: &Path) -> anyhow::Result<Keys> {
    let named = file.display();
    let unread = |e: std::io::Error| anyhow::anyhow!("backup_s3_credentials: {named} cannot be read ({e}).");
    let mode = fs::metadata(file).map_err(unread)?.permissions().mode() & 0o777;
    anyhow::ensure!(
        mode & 0o077 == 0,
        "backup_s3_credentials: {named} has rights {mode:o}: others than its owner can reach it. Run: chmod 600 {named}"
    );
    let text = fs::read_to_string(file).map_err(unread)?;
    let mut ours = true;
    let (mut id, mut secret, mut token) = (None, None, None);
    for line in text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            ours = section.trim_end_matches(']').trim() == "default";
        }
        let Some((key, value)) = line.split_once('=').filter(|_| ours && !line.starts_with('#')) else {
            continue;
        };
        let value = Some(value.trim().trim_matches('"').to_owned()).filter(|value| !value.is_empty());
        match key.trim().to_ascii_lowercase().as_str() {
            "aws_access_key_id" => id = value,
            "aws_secret_access_key" => secret = value,
            "aws_session_token" => token = value,
            _ => {}
        }
    }
    let (Some(id), Some(secret)) = (id, secret) else {
        anyhow::bail!(
            "backup_s3_credentials: {named} does not hold both keys. Write two lines: aws_access_key_id = … and \
             aws_secret_access_key = …"
        );
    };
    Ok(Keys { id, secret, token })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, mode: u32) -> (tempfile::TempDir, Config) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        (folder, Config { backup_s3_credentials: Some(file), ..Config::default() })
    }

    fn nothing(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn keys_come_from_a_file_or_the_environment_and_are_not_printed() {
        let text = "# ours\n[other]\naws_access_key_id = no\n[default]\naws_access_key_id = AK1\n\
                    aws_secret_access_key = \"se=cret\"\n[third]\naws_secret_access_key = no\n";
        let (_folder, config) = written(text, 0o600);
        let access = access(&config, nothing).unwrap();
        assert_eq!((access.keys.id.as_str(), access.keys.secret.as_str()), ("AK1", "se=cret"));
        assert!(access.keys.token.is_none() && access.endpoint.is_none() && access.region == "us-east-1");
        let printed = format!("{access:?}");
        assert!(!printed.contains("se=cret") && !printed.contains("AK1"), "{printed}");
        let by_environment = |name: &str| name.starts_with("AWS_").then(|| format!("<{name}>"));
        let access = super::access(&Config::default(), by_environment).unwrap();
        assert_eq!(access.keys.secret, "<AWS_SECRET_ACCESS_KEY>");
        assert_eq!(access.keys.token.as_deref(), Some("<AWS_SESSION_TOKEN>"));
        assert_eq!(access.region, "<AWS_REGION>");
        assert_eq!(access.endpoint.as_deref(), Some("<AWS_ENDPOINT_URL_S3>"));
        let region = Config { backup_s3_region: Some("eu-central-1".into()), ..Config::default() };
        assert_eq!(super::access(&region, by_environment).unwrap().region, "eu-central-1");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_and_so_is_one_without_keys() {
        let both = "aws_access_key_id = AK1\naws_secret_access_key = x\n";
        for (text, mode, says) in [
            (both, 0o640, "chmod 600"),
            (both, 0o604, "rights 604"),
            ("aws_access_key_id = AK1\n", 0o600, "does not hold both keys"),
            (
                "[work]\naws_access_key_id = AK1\naws_secret_access_key = x\n",
                0o600,
                "does not hold both keys",
            ),
        ] {
            let (_folder, config) = written(text, mode);
            let words = access(&config, nothing).unwrap_err().to_string();
            assert!(words.contains(says) && words.starts_with("backup_s3_credentials"), "{words}");
        }
        let words = access(&Config::default(), nothing).unwrap_err().to_string();
        assert!(words.contains("AWS_ACCESS_KEY_ID") && words.contains("backup_s3_credentials"), "{words}");
        let gone = Config { backup_s3_credentials: Some("/nowhere/keys".into()), ..Config::default() };
        assert!(access(&gone, nothing).unwrap_err().to_string().contains("/nowhere/keys"));
    }
}
