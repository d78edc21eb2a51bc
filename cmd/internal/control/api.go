// Package control is the conversation between the daemon and its commands: HTTP and JSON over a unix socket. Whoever
// may open the socket may look; only root may change anything. The peer is known by SO_PEERCRED, never by what it says.
//
//	GET  /v1/ping                          Pong
//	GET  /v1/version                       Version
//	GET  /v1/status?jail=NAME&verify=true  Status
//	GET  /v1/banned?jail=NAME&subject=S    Banned
//	POST /v1/ban     BanRequest            Changed
//	POST /v1/unban   UnbanRequest          Changed
//	POST /v1/reload  ReloadRequest         Reloaded
//	GET  /v1/reload                        Reloading
//
// Anything but 200 carries an Error. Subjects are addresses, networks in CIDR notation or opaque ids.
package control

import "time"

// Pong answers a ping.
type Pong struct {
	Reply string `json:"reply"` // "pong"
}

// Version is the daemon's version, not the asking command's.
type Version struct {
	Version string `json:"version"`
}

// StatusRequest asks for the state of the daemon.
type StatusRequest struct {
	Jail   string // empty: all of them
	Verify bool   // also compare with what the kernel holds
}

// Status is the state of the daemon and of the jails asked for.
type Status struct {
	Version  string    `json:"version"`
	Started  time.Time `json:"started"`
	DryRun   bool      `json:"dry_run,omitempty"` // bans are only told of
	Firewall string    `json:"firewall"`          // the backend in use
	Repairs  Repairs   `json:"repairs"`           // of the firewall
	Missing  []string  `json:"missing,omitempty"` // with Verify: sets, chains, rules and jumps that packets need and that do not stand
	// Unverified is why Missing may not be all.
	Unverified string `json:"unverified,omitempty"`

	Waiting  []string  `json:"waiting,omitempty"` // chains of iptables that jails name and that do not exist
	Metrics  Metrics   `json:"metrics"`
	Problems []Problem `json:"problems,omitempty"`
	LeftOut  []LeftOut `json:"left_out,omitempty"` // enabled jails that do not run
	Jails    []Jail    `json:"jails"`              // by name
}

// LeftOut is an enabled jail that does not run, for what is wrong in its configuration.
type LeftOut struct {
	Name   string  `json:"name"`
	Faults []Fault `json:"faults"`
}

// Fault is something that is wrong or odd in a file of the configuration.
type Fault struct {
	Severity string   `json:"severity"` // fault or warning
	File     string   `json:"file"`
	Line     int      `json:"line"` // 0: no line is to blame
	Section  string   `json:"section"`
	Key      string   `json:"key"`
	Message  string   `json:"message"`
	Hint     string   `json:"hint"`
	Includes []string `json:"included_from"`
}

// Problem is one thing that is wrong with a daemon that runs all the same.
type Problem struct {
	Kind    string    `json:"kind"`              // the label of the metric bailiff_problem
	Text    string    `json:"text"`              // one line
	Details []string  `json:"details,omitempty"` // more of it, such as faults of files
	Since   time.Time `json:"since"`
}

// Metrics is where Prometheus finds metrics.
type Metrics struct {
	Address string `json:"address"`         // as configured; empty: nowhere
	Error   string `json:"error,omitempty"` // why nobody is answered there just now
}

// Repairs are what the daemon had to set right because others had removed or moved it.
type Repairs struct {
	Count int64      `json:"count"` // since the start
	Last  *time.Time `json:"last,omitempty"`
	What  []string   `json:"what,omitempty"` // the last time
}

// Jail is the state of one jail.
type Jail struct {
	Name            string   `json:"name"`
	Filter          string   `json:"filter"`
	Source          string   `json:"source"`                    // what it reads now: "journal", "files" or "none"
	Note            string   `json:"note,omitempty"`            // what it waits for, or what is wrong
	Files           []string `json:"files,omitempty"`           // the files it reads
	JournalMatches  string   `json:"journal_matches,omitempty"` // the journal match in journalctl's notation
	CurrentlyFailed int      `json:"currently_failed"`          // subjects with failures that are not banned
	TotalFailed     int      `json:"total_failed"`              // failures since the start
	CurrentlyBanned int      `json:"currently_banned"`
	TotalBanned     int      `json:"total_banned"`      // bans since the start, those restored included
	Banned          []Ban    `json:"banned"`            // oldest first
	Missing         []string `json:"missing,omitempty"` // with Verify: banned subjects that the kernel does not hold
	Extra           []string `json:"extra,omitempty"`   // with Verify: subjects that the kernel holds and that are not banned
}

// Ban is one active ban.
type Ban struct {
	Jail     string     `json:"jail"`
	Subject  string     `json:"subject"`
	Blocks   string     `json:"blocks,omitempty"` // the network that is blocked, where it is not the subject
	At       time.Time  `json:"at"`
	Until    *time.Time `json:"until"` // null: permanent
	Failures int        `json:"failures"`
}

// BannedRequest asks for active bans: all of them, those of a jail, those of some subjects, or both.
type BannedRequest struct {
	Jail     string   // empty: every jail's
	Subjects []string // none: everybody's. A first one that is a jail's name means that jail
}

// Banned lists active bans.
type Banned struct {
	Bans      []Ban       `json:"bans"`
	DryRun    bool        `json:"dry_run,omitempty"`    // these would be banned, and are not
	Jail      string      `json:"jail,omitempty"`       // the jail that was asked for
	NotBanned []NotBanned `json:"not_banned,omitempty"` // the subjects of the request that no ban stops
}

// NotBanned is a word of a request that names nobody who is banned.
type NotBanned struct {
	Subject string `json:"subject"` // as the request has it
	Reason  string `json:"reason"`
	Hint    string `json:"hint,omitempty"`
}

// BanRequest asks for bans by hand.
type BanRequest struct {
	Jail     string   `json:"jail"`
	Subjects []string `json:"subjects"`
	Seconds  *int64   `json:"seconds,omitempty"` // how long they last, below zero for ever; null: the jail's bantime
	Force    bool     `json:"force,omitempty"`   // also of those whom the jail spares, and of this machine's own addresses
}

// UnbanRequest asks to lift bans: those of subjects, all of them, or all of a jail.
type UnbanRequest struct {
	Jail     string   `json:"jail,omitempty"`     // empty: in every jail
	Subjects []string `json:"subjects,omitempty"` // a first one that is a jail's name means that jail
	All      bool     `json:"all,omitempty"`      // in place of subjects
}

// ReloadRequest asks to read the configuration again.
type ReloadRequest struct {
	Jail string `json:"jail,omitempty"` // empty: all of them
}

// Reloaded says what a reload has changed.
type Reloaded struct {
	Jails    int             `json:"jails"`              // how many run now
	Added    []string        `json:"added"`              // jails that did not run before
	Removed  []RemovedJail   `json:"removed"`            // jails that ran before
	Changed  []ChangedJail   `json:"changed"`            // jails whose options are others
	Options  []ChangedOption `json:"options,omitempty"`  // of the service itself
	AtStart  []ChangedOption `json:"at_start,omitempty"` // the same that are in force after a restart only
	Warnings []Fault         `json:"warnings"`           // those of bailiff config check
	Left     []string        `json:"left,omitempty"`     // what of the old configuration could not be taken away
	DryRun   bool            `json:"dry_run,omitempty"`  // the daemon only says what it would do
}

// RemovedJail is a jail that runs no more.
type RemovedJail struct {
	Name   string `json:"name"`
	Lifted int    `json:"lifted"` // how many bans of it were lifted
}

// ChangedJail is a jail that goes on with other options.
type ChangedJail struct {
	Name    string          `json:"name"`
	Options []ChangedOption `json:"options"`
}

// ChangedOption is an option that has another value. Long values are left out.
type ChangedOption struct {
	Option string `json:"option"`
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
}

// Reloading says what a reload waits for.
type Reloading struct {
	WaitingFor string     `json:"waiting_for,omitempty"` // empty: there is no reload
	Since      *time.Time `json:"since,omitempty"`
}

// Changed says what became of a request to ban or unban.
type Changed struct {
	Count     int         `json:"count"` // bans made or lifted
	DryRun    bool        `json:"dry_run,omitempty"`
	Changes   []Change    `json:"changes,omitempty"`
	Note      string      `json:"note,omitempty"`             // what makes the bans other than one expects
	NotBanned []NotBanned `json:"not_banned,omitempty"`       // nothing was done for these subjects
	Still     []Ban       `json:"still_banned,omitempty"`     // after an unban: wider bans that stop its subjects all the same
	Elsewhere []Ban       `json:"banned_elsewhere,omitempty"` // after an unban in one jail: its subjects' bans in others
}

// A Change is what became of one ban.
type Change struct {
	Ban
	Outcome Outcome    `json:"outcome"`
	Asked   string     `json:"asked,omitempty"`  // the request's word, where the subject is written in another way
	Before  *time.Time `json:"before,omitempty"` // of a prolonged ban: when it would have ended
	// KernelOnly says of a ban that was lifted that the daemon did not know of it: others had put it into the kernel.
	KernelOnly bool `json:"kernel_only,omitempty"`
}

// An Outcome says what a request did to a ban.
type Outcome string

// The outcomes.
const (
	Made      Outcome = "banned"
	Prolonged Outcome = "prolonged"
	Unchanged Outcome = "already-banned" // it ends no sooner than was asked for
	Lifted    Outcome = "unbanned"
)

// A Kind sorts errors for those who must react to them.
type Kind string

// The kinds of errors.
const (
	Invalid     Kind = "invalid"     // the request makes no sense
	Forbidden   Kind = "forbidden"   // the peer may not do this
	NotFound    Kind = "not-found"   // there is no such jail, ban or route
	Internal    Kind = "internal"    // the daemon could not do it
	Unreachable Kind = "unreachable" // no daemon answers; made by the client
)

// An Error is a refusal. A Reader or Changer returns one to choose the kind; any other error is Internal.
type Error struct {
	Kind    Kind   `json:"kind"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // what to do about it
}

// Error is the message without the hint.
func (e *Error) Error() string { return e.Message }
