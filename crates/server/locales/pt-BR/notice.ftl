# E-mail. Texto simples.

notice-set-grew-subject = { $client } pode fazer mais na sua conta
notice-set-grew-text =
    As permissões do aplicativo { $client }, que pode agir pela sua conta { $account }, foram ampliadas por quem as publica. A partir de agora ele também pode:
    
    { $added }
    
    Se você concorda, não precisa fazer nada. Para ver tudo o que ele pode fazer, ou para encerrar o acesso dele:
    
    { $page }
