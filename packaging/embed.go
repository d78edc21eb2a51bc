// Package packaging holds what bailiff is shipped with. The program carries the configuration within itself, so that it
// runs on a machine where nothing has been installed.
package packaging

import (
	"embed"
	"io/fs"
)

//go:embed conf
var files embed.FS

// Conf is the default configuration: what a package puts into /etc/bailiff.
func Conf() fs.FS {
	conf, err := fs.Sub(files, "conf")
	if err != nil {
		panic(err) // the name is a constant and valid
	}
	return conf
}
