# O formulário de entrada.

sign-in-heading = Entrar
sign-in-for = para continuar em { $client }
sign-in-for-device = para continuar em um aplicativo no seu dispositivo
sign-in-identifier = Nome de usuário ou e-mail
sign-in-password = Senha
sign-in-remember = Lembrar de mim neste dispositivo
sign-in-remember-hint = Por sete dias. Deixe desmarcado em um dispositivo que outras pessoas usam.
sign-in-submit = Entrar
# A link to the page for a new password.
sign-in-forgot = Esqueceu a senha?
sign-in-picker = Escolher uma conta conectada aqui
sign-in-password-stays = Sua senha fica aqui: { $client } nunca a vê.
sign-in-password-stays-device = Sua senha fica aqui: o aplicativo nunca a vê.

sign-in-refused-empty = Digite seu nome de usuário ou e-mail e sua senha.
sign-in-refused-other-account = O aplicativo pediu outra conta. Entre como { $account }, ou volte e escolha outra conta lá.
sign-in-refused-too-many =
    { $minutes ->
        [one] Tentativas demais. Tente de novo em um minuto.
       *[other] Tentativas demais. Tente de novo em { $minutes } minutos.
    }
sign-in-refused-wrong = O nome de usuário ou a senha não está certo. Senhas de aplicativo não funcionam aqui: use a senha da conta.
sign-in-refused-over = Demorou demais ou houve códigos errados demais. Entre de novo.
sign-in-refused-passkey = Nenhuma conta daqui tem esta chave, ou demorou demais. Tente de novo ou entre com a senha.
