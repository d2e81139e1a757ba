//! Foreign keys, as the engine's catalogue lists them: does every row point at one that is there? The engines see to it
//! themselves; a tool that switched them off, or a damaged file, does not.

use super::{Finding, rows};
use crate::store::{StoreError, Tx, on_engine};

const KEYS_SQLITE: &str = r#"
    select t.name, f."from", f."table", coalesce(f."to", (select name from pragma_table_info(f."table") where pk = 1))
    from pragma_table_list t join pragma_foreign_key_list(t.name) f
    where t.schema = 'main' and t.type = 'table'
    order by 1, 2"#;
const KEYS_POSTGRES: &str = "
    select cast(c.relname as text), cast(ca.attname as text), cast(p.relname as text), cast(pa.attname as text)
    from pg_constraint k
    join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_class p on p.oid = k.confrelid
    join pg_attribute ca on ca.attrelid = k.conrelid and ca.attnum = k.conkey[1]
    join pg_attribute pa on pa.attrelid = k.confrelid and pa.attnum = k.confkey[1]
    where n.nspname = current_schema() and k.contype = 'f' and k.conparentid = 0
    order by 1, 2";

/// Rows that point at nothing.
pub(super) async fn find(tx: &mut Tx<'_>) -> Result<Finding, StoreError> {
    let keys = if matches!(tx, Tx::Sqlite(_)) { KEYS_SQLITE } else { KEYS_POSTGRES };
    let keys: Vec<(String, String, String, String)> = on_engine!(tx, |c| sqlx::query_as(keys).fetch_all(c).await?);
    let mut finding = Finding::none("references", "a row points at one that is not there");
    for (child, from, parent, to) in keys {
        let shown = match tx {
            // A cast would take a hash for letters.
            Tx::Sqlite(_) => {
                format!("case typeof(c.\"{from}\") when 'blob' then hex(c.\"{from}\") else c.\"{from}\" end")
            }
            Tx::Postgres(_) => format!("cast(c.\"{from}\" as text)"),
        };
        let sql = format!(
            "select '{child}.{from} ' || {shown} from \"{child}\" c left join \"{parent}\" p on p.\"{to}\" = c.\"{from}\"
            where c.\"{from}\" is not null and p.\"{to}\" is null"
        );
        finding = rows(tx, sql, finding, |_| false).await?;
    }
    Ok(finding)
}
