# O formulário para uma conta nova.

sign-up-heading = Criar uma conta
sign-up-for = para continuar em { $client }
sign-up-for-device = para continuar em um aplicativo no seu dispositivo
sign-up-handle = Nome de usuário
sign-up-handle-hint = Uma palavra de letras, números e hifens. Com “alice” você é { $example }.
sign-up-email = E-mail
sign-up-password = Senha
sign-up-password-hint = Pelo menos 8 caracteres. Uma frase de algumas palavras é fácil de lembrar e difícil de adivinhar.
sign-up-invite = Código de convite
sign-up-submit = Criar conta
sign-up-sign-in = Já tenho uma conta
sign-up-link = Criar uma conta

sign-up-refused = Algo ainda não está certo. Veja abaixo e digite sua senha mais uma vez.
sign-up-refused-handle = Isto não pode ser um nome de usuário aqui. Use pelo menos três letras, números ou hifens.
sign-up-refused-handle-taken = Este nome de usuário já tem dono. Escolha outro.
sign-up-refused-email = Digite um e-mail, como nome@example.com.
sign-up-refused-email-taken = Este e-mail já tem uma conta aqui. Entre, ou use outro e-mail.
sign-up-refused-password = Uma senha tem de 8 a 256 caracteres.
sign-up-refused-invite = Este código não está certo, ou já foi usado.
sign-up-refused-failed = Não foi possível criar a conta. Tente de novo daqui a pouco.
