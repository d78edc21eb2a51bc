package journal

import "strconv"

// suppressionID is the MESSAGE_ID of the note journald leaves when its rate limit dropped messages.
const suppressionID = "a596d6fe7bfa4994828e72309e95d61e"

// suppression matches that note. Anybody may send an entry with its MESSAGE_ID, but only journald's own have this transport.
var suppression = []Term{{"MESSAGE_ID", []string{suppressionID}}, {"_TRANSPORT", []string{"driver"}}}

// suppressed tells that journald dropped messages before any reader could see them.
func (o Options) suppressed(dropped, message string) {
	n, err := strconv.ParseUint(dropped, 10, 64)
	if err != nil {
		return
	}
	o.log().Warn("journald dropped messages by its rate limit", "dropped", n, "note", message)
	o.Counters.suppressed(n)
}
