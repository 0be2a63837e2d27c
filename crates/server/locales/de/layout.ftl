# Was mehrere Seiten sagen.

client-device = einer Anwendung auf Ihrem Gerät
client-device-heading = Eine Anwendung auf Ihrem Gerät
cancel = Abbrechen und zurück
other-account = Anderes Konto verwenden
other-account-hint = Die Anwendung hat nach { $account } gefragt. Um ein anderes Konto zu verwenden, gehen Sie zur Anwendung zurück und wählen Sie es dort.
