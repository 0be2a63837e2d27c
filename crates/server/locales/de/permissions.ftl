# Was eine Berechtigung erlaubt, je ein Satz nach „Wenn Sie zustimmen, kann sie“.

permission-account-email-manage = Ihre E-Mail-Adresse sehen und bestätigen
permission-account-email-read = Ihre E-Mail-Adresse sehen, und ob sie bestätigt ist
permission-account-repo-manage = alle Ihre Einträge durch den Import eines Repositorys ersetzen
permission-account-repo-read = den Zustand Ihres Repositorys sehen, wie alle anderen auch
permission-account-status-manage = sehen, ob Ihr Konto aktiv ist; nur Sie selbst können das ändern
permission-account-status-read = sehen, ob Ihr Konto aktiv ist, wie jede Anwendung

permission-atproto = wissen, welches Konto Ihres ist

permission-blob-any = Dateien jeder Art hochladen
permission-blob-kind = Dateien der Typen { $kind } hochladen
permission-blob-type = Dateien des Typs { $type } hochladen

permission-identity-any = über Ihre ganze Identität bestimmen: Ihr Handle, Ihre Schlüssel und wo Ihr Konto liegt
permission-identity-handle = Ihr Handle ändern

permission-include = alles im Berechtigungssatz { $set }
permission-include-service = alles im Berechtigungssatz { $set }, beim Dienst { $service }

permission-repo-any-create = Einträge in jeder Sammlung anlegen
permission-repo-any-create-delete = Einträge in jeder Sammlung anlegen und löschen
permission-repo-any-create-update = Einträge in jeder Sammlung anlegen und ändern
permission-repo-any-create-update-delete = Einträge in jeder Sammlung anlegen, ändern und löschen
permission-repo-any-delete = Einträge in jeder Sammlung löschen
permission-repo-any-update = Einträge in jeder Sammlung ändern
permission-repo-any-update-delete = Einträge in jeder Sammlung ändern und löschen
permission-repo-create = Einträge in { $collection } anlegen
permission-repo-create-delete = Einträge in { $collection } anlegen und löschen
permission-repo-create-update = Einträge in { $collection } anlegen und ändern
permission-repo-create-update-delete = Einträge in { $collection } anlegen, ändern und löschen
permission-repo-delete = Einträge in { $collection } löschen
permission-repo-update = Einträge in { $collection } ändern
permission-repo-update-delete = Einträge in { $collection } ändern und löschen

permission-rpc = { $method } des Dienstes { $service } in Ihrem Namen aufrufen
permission-rpc-any-method = jede Methode des Dienstes { $service } in Ihrem Namen aufrufen
permission-rpc-any-service = { $method } jedes Dienstes in Ihrem Namen aufrufen

permission-transition-chat = Ihre Chat-Nachrichten lesen und schreiben, zusammen mit transition:generic
permission-transition-generic-rpc = jede Methode jedes Dienstes in Ihrem Namen aufrufen, außer im Chat; darunter Ihre Einstellungen

permission-chat = Ihre Chat-Nachrichten lesen und schreiben
permission-chat-idle = nichts: Die Berechtigung zum Chat wirkt nur neben einer weiter gehenden, nach der nicht gefragt wurde

warning-any-method = Das umfasst alles, was dieser Dienst für Sie tun kann, jetzt und später.
warning-any-service = Das kann an jeden Dienst gehen, nicht nur an einen bestimmten.
warning-chat = Das sind private Gespräche.
warning-far-reaching = Das reicht weit. Stimmen Sie nur zu, wenn Sie der Anwendung vertrauen.
warning-generic = Das umfasst fast alles, was Ihr Konto kann, wie ein App-Passwort.
warning-identity = Wer das hat, kann das Konto übernehmen, für immer.
warning-repo = Das umfasst auch die Einträge jeder anderen Anwendung: Posts, Likes, alles.
warning-repo-add = Das umfasst auch die Sammlungen jeder anderen Anwendung.
