package main

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"bailiff/firewall"
	"bailiff/jails/config"
	"bailiff/jails/event"
	"bailiff/jails/store"
	"bailiff/packaging"
)

// configRoot says where the configuration lies: in dir, else in /etc/bailiff where there is one, else in the program.
func configRoot(dir string) (fs.FS, string) {
	if dir == "" {
		if _, err := os.Stat(defaultConfig); err != nil {
			return packaging.Conf(), "/"
		}
		dir = defaultConfig
	}
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	return os.DirFS("/"), dir
}

// loadConfig reads the configuration that the flag names.
func loadConfig(dir string) (*config.Config, error) {
	root, dir := configRoot(dir)
	c, err := config.Load(root, dir)
	if err != nil {
		return nil, err
	}
	return c, checkSpecs(c)
}

// checkSpecs tells what the firewall would not take, and blames the jail as a whole: the fault may be its action's.
func checkSpecs(c *config.Config) error {
	var faults config.Faults
	for _, j := range c.Jails {
		if err := spec(j).Check(); err != nil && j.Firewall.Kind != "none" {
			fault := j.Place
			fault.Message = strings.ReplaceAll(err.Error(), "\n", "; ")
			fault.Hint = "look at port, protocol and blocktype of the jail and its action"
			faults = append(faults, fault)
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return faults
}

// specs says what the kernel is to block for each jail.
func specs(c *config.Config) (all []firewall.Spec) {
	for _, j := range c.Jails {
		if j.Firewall.Kind != "none" {
			all = append(all, spec(j))
		}
	}
	return all
}

func spec(j *config.Jail) firewall.Spec {
	f := j.Firewall
	return firewall.Spec{Jail: j.Name, Ports: f.Ports, AllPorts: f.Kind == "allports", Protocols: f.Protocols, Chains: f.Chains,
		BlockType: f.BlockType, Log: f.Log, KeepConnections: f.KeepConnections, Egress: f.Egress}
}

// savedBans is the store as the jails see it.
type savedBans struct{ *store.Store }

// Save remembers the bans.
func (s savedBans) Save(ctx context.Context, bans []event.Ban) error {
	return s.Store.Save(ctx, bans, nil)
}

// marks is the store as the sources see it: the positions of the last run, and those saved since.
type marks struct {
	store *store.Store

	mu   sync.Mutex
	have map[string]string
}

func loadMarks(ctx context.Context, s *store.Store) (*marks, error) {
	have, err := s.Marks(ctx)
	if err != nil {
		return nil, err
	}
	return &marks{store: s, have: have}, nil
}

// Mark returns the position saved under the key.
func (m *marks) Mark(key string) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.have[key]
	return v, ok
}

// SetMark saves a position. A source that begins again goes on from there also when the store could not keep it, so
// that nothing counts twice.
func (m *marks) SetMark(ctx context.Context, key, value string) error {
	m.mu.Lock()
	m.have[key] = value
	m.mu.Unlock()
	return m.store.Save(ctx, nil, []store.Mark{{Source: key, Value: value}})
}
