//! Databases for tests: made from a template in milliseconds, thrown away afterwards.

use std::path::PathBuf;

use kernel::{Problem, Result};
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::Mutex;

use crate::{Db, Engine, FLOOR, RoomSchema, fault::problem, schema::migrations};

/// A database of its own for one test.
pub struct Scratch {
    /// The open database.
    pub db: Db,
    /// Its URL, for a test that opens it again.
    pub url: String,
    kept: Kept,
}

enum Kept {
    Folder(PathBuf),
    Database { admin: String, name: String },
}

static TEMPLATES: Mutex<()> = Mutex::const_new(());

impl Scratch {
    /// An SQLite file in a fresh folder, copied from a template with the same schema.
    ///
    /// # Errors
    /// As [`Db::open`].
    pub async fn sqlite(rooms: &[RoomSchema]) -> Result<Self> {
        let turn = TEMPLATES.lock().await;
        let base = std::env::temp_dir().join("baton-test");
        let template = base.join(format!("template-{}", print(rooms, Engine::Sqlite))).join("baton.sqlite");
        if !template.exists() {
            let making = base.join(format!("making-{}", uuid::Uuid::now_v7().simple()));
            Db::open(&format!("sqlite://{}", making.join("baton.sqlite").display()), rooms)
                .await?
                .close()
                .await;
            // Another process may have been faster; its template is the same.
            let _ = std::fs::rename(&making, template.parent().unwrap_or(&base));
        }
        drop(turn);
        let folder = base.join(uuid::Uuid::now_v7().simple().to_string());
        std::fs::create_dir_all(&folder).map_err(Problem::bug)?;
        let file = folder.join("baton.sqlite");
        std::fs::copy(&template, &file).map_err(Problem::bug)?;
        let url = format!("sqlite://{}", file.display());
        Ok(Self { db: Db::open(&url, rooms).await?, url, kept: Kept::Folder(folder) })
    }

    /// A PostgreSQL database cloned from a template with the same schema, owned by a role that row-level
    /// security binds. `admin` is the URL of a superuser.
    ///
    /// # Errors
    /// As [`Db::open`].
    pub async fn postgres(admin: &str, rooms: &[RoomSchema]) -> Result<Self> {
        let turn = TEMPLATES.lock().await;
        let template = format!("baton_template_{}", print(rooms, Engine::Postgres));
        let mut conn = PgConnection::connect(admin).await.map_err(|e| problem(e, "connect"))?;
        let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
            .bind(&template)
            .fetch_one(&mut conn)
            .await
            .map_err(|e| problem(e, "templates"))?;
        if !exists {
            // The role may be there from an earlier test binary.
            let _ = run(&mut conn, "CREATE ROLE baton_app LOGIN".to_owned()).await;
            let making = format!("baton_making_{}", uuid::Uuid::now_v7().simple());
            run(&mut conn, format!("CREATE DATABASE {making} OWNER baton_app")).await?;
            Db::open(&as_app(admin, &making), rooms).await?.close().await;
            if run(&mut conn, format!("ALTER DATABASE {making} RENAME TO {template}")).await.is_err() {
                run(&mut conn, format!("DROP DATABASE {making}")).await?;
            }
        }
        let name = format!("baton_test_{}", uuid::Uuid::now_v7().simple());
        run(&mut conn, format!("CREATE DATABASE {name} TEMPLATE {template} OWNER baton_app")).await?;
        drop(turn);
        let _ = conn.close().await;
        let url = as_app(admin, &name);
        let db = Db::open(&url, rooms).await?;
        Ok(Self { db, url, kept: Kept::Database { admin: admin.to_owned(), name } })
    }

    /// Throws the database away. A test that fails leaves it for a look.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub async fn finish(self) -> Result<()> {
        self.db.close().await;
        self.kept.remove().await
    }
}

impl Kept {
    async fn remove(self) -> Result<()> {
        match self {
            Self::Folder(folder) => {
                let _ = std::fs::remove_dir_all(folder);
                Ok(())
            }
            Self::Database { admin, name } => {
                let mut conn = PgConnection::connect(&admin).await.map_err(|e| problem(e, "connect"))?;
                run(&mut conn, format!("DROP DATABASE {name} WITH (FORCE)")).await
            }
        }
    }
}

/// Does to a database what somebody with its file or its superuser could do, past the gate and every rule: for tests
/// that it is noticed. Returns the rows that the statements changed. `admin` is the URL of PostgreSQL's superuser.
///
/// # Errors
/// When a statement cannot be carried out.
pub async fn meddle(url: &str, admin: Option<&str>, statements: &[String]) -> Result<u64> {
    let mut rows = 0;
    if let Some(path) = url.strip_prefix("sqlite://") {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(false)
            .busy_timeout(std::time::Duration::from_secs(5));
        let mut conn = SqliteConnection::connect_with(&options).await.map_err(|e| problem(e, "connect"))?;
        for statement in statements {
            let done = sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&mut conn).await;
            rows += done.map_err(|e| problem(e, statement))?.rows_affected();
        }
        conn.close().await.map_err(|e| problem(e, "close"))?;
        return Ok(rows);
    }
    let name = url.rsplit('/').next().unwrap_or_default();
    let (server, _) = admin.and_then(|admin| admin.rsplit_once('/')).unwrap_or_default();
    let mut conn =
        PgConnection::connect(&format!("{server}/{name}")).await.map_err(|e| problem(e, "connect"))?;
    run(&mut conn, "SET session_replication_role = replica".to_owned()).await?;
    for statement in statements {
        let done = sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&mut conn).await;
        rows += done.map_err(|e| problem(e, statement))?.rows_affected();
    }
    conn.close().await.map_err(|e| problem(e, "close"))?;
    Ok(rows)
}

/// A PostgreSQL database without a table, for tests of what happens before there is a schema.
pub struct Bare {
    /// Its URL.
    pub url: String,
    kept: Kept,
}

impl Bare {
    /// Makes one, owned by a role that row-level security binds. `admin` is the URL of a superuser.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub async fn postgres(admin: &str) -> Result<Self> {
        let name = format!("baton_test_{}", uuid::Uuid::now_v7().simple());
        let mut conn = PgConnection::connect(admin).await.map_err(|e| problem(e, "connect"))?;
        // The role may be there already.
        let _ = run(&mut conn, "CREATE ROLE baton_app LOGIN".to_owned()).await;
        run(&mut conn, format!("CREATE DATABASE {name} OWNER baton_app")).await?;
        let url = as_app(admin, &name);
        Ok(Self { url, kept: Kept::Database { admin: admin.to_owned(), name } })
    }

    /// Throws it away, whoever is connected to it.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub async fn finish(self) -> Result<()> {
        self.kept.remove().await
    }
}

async fn run(conn: &mut PgConnection, sql: String) -> Result<()> {
    let text = sql.clone();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await.map(drop).map_err(|e| problem(e, &text))
}

/// The URL of a database on the same server, as the role that owns test databases.
fn as_app(admin: &str, name: &str) -> String {
    let (scheme, rest) = admin.split_once("://").unwrap_or(("postgres", admin));
    let host = rest.rsplit('@').next().unwrap_or(rest).split('/').next().unwrap_or(rest);
    let query = rest.split_once('?').map(|(_, q)| format!("?{q}")).unwrap_or_default();
    format!("{scheme}://baton_app@{host}/{name}{query}")
}

fn print(rooms: &[RoomSchema], engine: Engine) -> String {
    let mut all = vec![FLOOR];
    all.extend_from_slice(rooms);
    let mut sha = Sha256::new();
    for step in migrations(&all, engine) {
        sha.update(step.version.to_be_bytes());
        sha.update(step.sql.as_str());
    }
    sha.finalize().iter().take(6).map(|b| format!("{b:02x}")).collect()
}
