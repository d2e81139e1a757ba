// <passerelle-badge>: how many messages are unread, for the banner of the ENT. No dependency.
