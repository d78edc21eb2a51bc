package store

import (
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

//go:embed migration/*.sql
var migrations embed.FS

// migrate runs the migrations the database has not seen yet, each in a transaction of its own. user_version counts
// those it has; migration/N.sql leads from N-1 to N.
func migrate(db *sql.DB) error {
	var have int
	if err := db.QueryRow("PRAGMA user_version").Scan(&have); err != nil {
		return err
	}
	files, err := fs.Glob(migrations, "migration/*.sql")
	if err != nil {
		return err
	}
	if have > len(files) {
		return fmt.Errorf("schema %d is newer than this program's %d: use the version that wrote it, or move the file away",
			have, len(files))
	}
	for n := have + 1; n <= len(files); n++ {
		if err := step(db, n); err != nil {
			return fmt.Errorf("migrate to schema %d: %w", n, err)
		}
	}
	return nil
}

// isCurrent is an error unless the database has the schema of this program.
func isCurrent(db *sql.DB) error {
	var have int
	if err := db.QueryRow("PRAGMA user_version").Scan(&have); err != nil {
		return err
	}
	if have == 0 {
		return errors.New("it is empty")
	}
	files, err := fs.Glob(migrations, "migration/*.sql")
	if err == nil && have != len(files) {
		err = fmt.Errorf("schema %d is not this program's %d", have, len(files))
	}
	return err
}

func step(db *sql.DB, n int) error {
	script, err := migrations.ReadFile(fmt.Sprintf("migration/%d.sql", n))
	if err != nil {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing once committed
	if _, err := tx.Exec(string(script)); err != nil {
		return err
	}
	if _, err := tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", n)); err != nil {
		return err
	}
	return tx.Commit()
}
