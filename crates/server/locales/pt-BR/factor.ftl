factor-heading-sign-in = Mais um passo
factor-heading-step-up = Confirme que é você
factor-lead-sign-in = para entrar como { $account }
factor-lead-step-up = O que você vai fazer é importante, por isso { $account } precisa ser comprovado mais uma vez.
factor-code = Código
factor-hint-totp = Os seis dígitos que o seu aplicativo autenticador mostra.
factor-hint-totp-recovery = Os seis dígitos que o seu aplicativo autenticador mostra, ou um dos seus códigos de recuperação.
factor-hint-recovery = Um dos seus códigos de recuperação.
factor-submit = Continuar
factor-refused-passkey = Esta chave não é desta conta, foi removida ou demorou demais.
factor-refused-empty = Digite um código.
factor-refused-empty-password = Digite a sua senha.
factor-refused-too-many =
    { $minutes ->
        [one] Houve tentativas demais. Tente de novo em um minuto.
       *[other] Houve tentativas demais. Tente de novo em { $minutes } minutos.
    }
factor-refused-wrong = Este código não está certo ou já foi usado. Espere o próximo.
factor-refused-wrong-password = Esta não é a senha.

factors-heading = Segundos fatores
factors-why = Com um segundo fator, a sua senha sozinha não deixa ninguém entrar. Ele é pedido quando você entra e antes de você fazer algo importante.
factors-kind-email = Código por e-mail
factors-kind-passkey = Chave de acesso
factors-kind-totp = Aplicativo autenticador
factors-added = Adicionado
factors-used = Último uso
factors-remove = Remover
factors-passkey-hint = Seu dispositivo ou uma chave de segurança. Também permite entrar sem senha.
factors-passkey-add = Adicionar uma chave de acesso
factors-totp-hint = Um aplicativo no seu telefone mostra seis dígitos que mudam a cada meio minuto.
factors-totp-add = Adicionar um aplicativo autenticador
factors-recovery = Códigos de recuperação
factors-recovery-left =
    { $count ->
        [0] Não sobrou nenhum.
        [one] Sobrou um. Cada um vale uma vez, quando você tiver perdido todo o resto.
       *[other] Sobraram { $count }. Cada um vale uma vez, quando você tiver perdido todo o resto.
    }
factors-recovery-renew = Criar novos
factors-done-added = Adicionado. De agora em diante ele será pedido.
factors-done-removed = Removido.

totp-heading = Adicionar um aplicativo autenticador
totp-scan = Escaneie isto com o seu aplicativo autenticador.
totp-picture = Um código QR que contém a chave abaixo
totp-type = Ou digite esta chave nele:
totp-code-hint = Os seis dígitos que ele mostra então.
totp-submit = Adicionar
totp-cancel = Voltar sem adicionar

recovery-heading = Seus códigos de recuperação
recovery-what = Quando você tiver perdido o seu segundo fator, um destes permite entrar, cada um uma vez.
recovery-once = Anote-os agora. Eles não serão mostrados de novo.
recovery-done = Eu os anotei

# Making a passkey, and using one.
passkey-heading = Adicionar uma chave de acesso
passkey-what = Seu dispositivo ou gerenciador de senhas guarda a chave de acesso e pede seu dedo, rosto ou PIN quando você a usa. Ela só serve neste site.
passkey-name = Nome
passkey-name-hint = Como você a chama, para encontrá-la aqui: “Meu celular”.
passkey-make = Criar a chave de acesso
passkey-refused = Nenhuma chave foi criada a tempo, ou a resposta não estava certa. Tente de novo.
passkey-needs-script = Chaves de acesso precisam de JavaScript. Permita-o nesta página ou use outro meio.
# The browser, or the person, said no.
passkey-failed = Não funcionou ou foi cancelado. Tente de novo ou use outro meio.
passkey-use = Usar uma chave de acesso
passkey-sign-in = Entrar com uma chave de acesso

factor-heading-add-email = Códigos por e-mail
factor-lead-add-email = Enviamos um código para o endereço de e-mail de { $account }. Digite-o aqui, e esses códigos passam a ser pedidos.
factor-send = Enviar um código por e-mail
factor-sent = Um código está a caminho do seu endereço de e-mail.
factor-hint-email = O código que enviamos para o seu endereço de e-mail.
factors-email-hint = Quem entra recebe um código em { $email }. Serve de reserva; um aplicativo ou uma chave de acesso é mais seguro, pois quem lê seu e-mail também tem isto.
factors-email-add = Enviar códigos por e-mail
