# Post. Reiner Text.

notice-set-grew-subject = { $client } kann mehr in Ihrem Konto
notice-set-grew-text =
    Die Berechtigungen der Anwendung { $client }, die für Ihr Konto { $account } handeln darf, wurden von ihrem Herausgeber erweitert. Von jetzt an kann sie auch:
    
    { $added }
    
    Wenn Sie das möchten, brauchen Sie nichts zu tun. Alles, was sie kann, sehen Sie hier, und hier beenden Sie ihren Zugriff:
    
    { $page }
